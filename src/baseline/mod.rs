//! What is normal: level, trend, season, spread, with forgetting.

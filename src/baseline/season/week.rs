//! The profile of the week, which most signals have no use for most of the time.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::profile::Profile;

/// The hours of the week: on the heap once one is learned, for where it is given up it shall take nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Profile<168>", into = "Profile<168>")]
pub(super) struct Week(Option<Box<Profile<168>>>);

/// What is known of a week before its first hour.
static NONE: Profile<168> = Profile::NONE;

impl Week {
    pub(super) fn get_mut(&mut self) -> &mut Profile<168> {
        self.0.get_or_insert_default()
    }
}

impl Deref for Week {
    type Target = Profile<168>;

    fn deref(&self) -> &Profile<168> {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl From<Profile<168>> for Week {
    fn from(profile: Profile<168>) -> Self {
        Week((profile != NONE).then(|| Box::new(profile)))
    }
}

impl From<Week> for Profile<168> {
    fn from(week: Week) -> Self {
        week.0.map_or_else(Profile::default, |profile| *profile)
    }
}

//! The inks of a picture, chosen for its own dark ground.

/// A role in the picture; each has one color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// The card.
    Ground,
    /// Lines of the scale.
    Grid,
    /// Words of the scale.
    Faint,
    /// Words that matter.
    Text,
    /// What was seen.
    Course,
    /// What was expected.
    Band,
    /// What is foreseen.
    Ahead,
    /// Where it may go.
    Fan,
    /// Objectives and limits.
    Bound,
    /// Changes.
    Change,
    /// The time of trouble.
    Trouble,
}

impl Ink {
    /// Red, green, blue, opacity.
    pub(super) fn rgba(self) -> [u8; 4] {
        match self {
            Ink::Ground => [0x1e, 0x24, 0x2e, 0xff],
            Ink::Grid => [0x38, 0x41, 0x50, 0xff],
            Ink::Faint => [0xa6, 0xb0, 0xc0, 0xff],
            Ink::Text => [0xf0, 0xf3, 0xf7, 0xff],
            Ink::Course => [0x66, 0xb7, 0xff, 0xff],
            Ink::Band => [0x7f, 0xa3, 0xc7, 0x48],
            Ink::Ahead => [0xff, 0xb8, 0x4d, 0xff],
            Ink::Fan => [0xff, 0xb8, 0x4d, 0x3c],
            Ink::Bound => [0xff, 0x6e, 0x6e, 0xff],
            Ink::Change => [0xd6, 0xac, 0xff, 0xff],
            Ink::Trouble => [0xff, 0x6e, 0x6e, 0x1c],
        }
    }
}

//! What the card registry says of a card.

/// What the card registry says of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The card is in force and its five details belong together.
    Confirmed,
    /// It is not, or they do not. **Whatever the reason, the person gets one and the same answer**: telling the reasons
    /// apart would let the form be asked which citizen IDs exist.
    Refused(Refusal),
}

/// Why a card was refused. For the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Code 1: the chip's status is not normal.
    ChipNotNormal,
    /// Code 2: expired or replaced.
    CardExpired,
    /// Code 4, `ไม่พบเลข Laser จาก PID นี้`: the laser code does not belong to the citizen ID.
    LaserMismatch,
    /// Code 4, `ข้อมูลไม่ตรง`: a name or the birth date differs, or nobody has this citizen ID.
    PersonMismatch,
    /// A code, or a text beside code 4, that the registry's interface does not name.
    Other(i32),
}

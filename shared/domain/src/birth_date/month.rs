//! The months' names, to read and to write.

use crate::language::Language;

/// Full name, short name, then the same in English; from January.
const NAMES: [[&str; 4]; 12] = [
    ["มกราคม", "ม.ค.", "January", "Jan"],
    ["กุมภาพันธ์", "ก.พ.", "February", "Feb"],
    ["มีนาคม", "มี.ค.", "March", "Mar"],
    ["เมษายน", "เม.ย.", "April", "Apr"],
    ["พฤษภาคม", "พ.ค.", "May", "May"],
    ["มิถุนายน", "มิ.ย.", "June", "Jun"],
    ["กรกฎาคม", "ก.ค.", "July", "Jul"],
    ["สิงหาคม", "ส.ค.", "August", "Aug"],
    ["กันยายน", "ก.ย.", "September", "Sep"],
    ["ตุลาคม", "ต.ค.", "October", "Oct"],
    ["พฤศจิกายน", "พ.ย.", "November", "Nov"],
    ["ธันวาคม", "ธ.ค.", "December", "Dec"],
];

/// The full name of month 1 to 12.
pub(super) fn name(month: i8, language: Language) -> Option<&'static str> {
    let [thai, _, english, _] = NAMES.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    Some(language.say(thai, english))
}

/// The month of a name: full, short, with or without its dots, or as it is said (เมษา, ธันวา, Sept).
pub(super) fn of_name(text: &str) -> Option<i8> {
    let typed = bare(text);
    let index = NAMES.iter().position(|[thai, thai_short, english, english_short]| {
        let as_said = ["คม", "ยน", "พันธ์"].iter().find_map(|ending| thai.strip_suffix(ending));
        let sept = *english == "September" && typed == "sept";
        [*thai, *thai_short, *english, *english_short].into_iter().chain(as_said).any(|name| bare(name) == typed)
            || sept
    })?;
    i8::try_from(index + 1).ok()
}

fn bare(name: &str) -> String {
    name.chars().filter(|&c| c != '.' && !crate::digits::is_separator(c)).flat_map(char::to_lowercase).collect()
}

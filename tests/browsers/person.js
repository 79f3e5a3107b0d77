// People with well-formed papers, none of them anybody: the district 0000 does not exist.

const NAMES = [
  ["ณัฐฐ์ญาดา", "", "ปิ่นปักกนก"],
  ["ฐิติรัตน์", "กตัญญู", "น้ำเพชรรุ่งเรือง"],
  ["สมหญิง", "", "รักไทยแท้ ณ อยุธยา"],
];
const MONTHS = { th: "มีนาคม", en: "March" };

let born = 0;

export class Person {
  constructor(language) {
    born += 1;
    const number = born;
    [this.firstName, this.middleName, this.lastName] = NAMES[number % NAMES.length];
    this.citizenId = citizenId(number);
    this.birthDay = "5";
    this.birthMonth = MONTHS[language];
    this.birthYear = "2538";
    this.laserCode = `JT${number % 10}-2345678-90`;
    this.mobile = `089 000 ${String(number).padStart(4, "0")}`;
    this.username = `nattaya.${number}${process.pid}`;
    this.password = `ข้าวเหนียวมะม่วง กินกับ ${number} คนแปลกหน้า`;
    this.changed = `เต่าทอง เดินข้ามสะพาน ${number} ตอนฝนตก`;
  }
}

/** The check digit of facts.md: (11 - (sum of d_i * (14 - i)) mod 11) mod 10. */
function citizenId(number) {
  const digits = `20000${String(number).padStart(7, "0")}`;
  const sum = [...digits].reduce((sum, digit, at) => sum + Number(digit) * (13 - at), 0);
  return digits + ((11 - (sum % 11)) % 10);
}

/** A number as it is typed, as it is sent to. */
export function e164(mobile) {
  return `+66${mobile.replace(/\D/g, "").slice(1)}`;
}

/** Citizen IDs that the local card registry always answers in one way (README, "personas"). */
export const REGISTRY = { refuses: "1000000000041", isOut: "1000000000068" };

// What the pages call things, as far as the tests look for them.

const WORDS = {
  switch: ["English", "ภาษาไทย"],
  register: ["ลงทะเบียน", "Register"],
  signIn: ["เข้าสู่ระบบ", "Sign in"],
  signOut: ["ออกจากระบบ", "Sign out"],
  accept: ["ยินยอม", "I accept"],
  decline: ["ไม่ยินยอม", "I decline"],
  confirm: ["ยืนยัน", "Confirm"],
  cancel: ["ยกเลิกการลงทะเบียน", "Cancel the registration"],
  extend: ["ขยายเวลา", "Give me more time"],
  beginAgain: ["เริ่มลงทะเบียนใหม่", "Begin again"],
  show: ["แสดง", "Show"],
  hide: ["ซ่อน", "Hide"],
  shown: ["รหัสผ่านแสดงอยู่บนหน้าจอ", "Your password is shown on the screen"],
  hidden: ["ซ่อนรหัสผ่านแล้ว", "Your password is hidden"],
  askForCode: ["ขอรหัส OTP", "Send me a code"],
  askAgain: ["ขอรหัสใหม่", "Send a new code"],
  toMyAccount: ["ไปที่บัญชีของฉัน", "Go to my account"],

  toTheService: ["ไปต่อที่บริการที่คุณมา", "Go on to the service you came from"],
  allow: ["อนุญาต", "Allow"],
  deny: ["ไม่อนุญาต", "Deny"],
  goOn: ["ไปต่อ", "Continue"],

  idCard: ["ใช้บัตรประจำตัวประชาชน", "With my ID card"],
  ownWord: ["รับรองข้อมูลด้วยตนเอง", "On my own word"],
  citizenId: ["เลขประจำตัวประชาชน 13 หลัก", "13-digit citizen ID"],
  firstName: ["ชื่อจริง", "First name"],
  middleName: ["ชื่อกลาง (ถ้ามี)", "Middle name (if you have one)"],
  lastName: ["นามสกุล", "Last name"],
  birthDay: ["วันที่", "Day"],
  birthMonth: ["เดือน", "Month"],
  birthYear: ["ปี พ.ศ.", "Year (B.E.)"],
  laserCode: ["รหัสหลังบัตรประจำตัวประชาชน", "Code on the back of the card"],
  username: ["บัญชีผู้ใช้งาน", "Username"],
  password: ["รหัสผ่าน", "Password"],
  passwordAgain: ["ยืนยันรหัสผ่าน", "Password again"],
  mobile: ["เบอร์โทรศัพท์มือถือ", "Mobile number"],
  code: ["รหัส OTP 6 หลัก", "6-digit OTP code"],

  home: ["บัญชีเดียว ทุกบริการภาครัฐ", "One account, every public service"],
  terms: ["ลงทะเบียน", "Register"],
  declined: ["คุณไม่ยินยอมตามข้อตกลง", "You declined the terms of use"],
  identity: ["พิสูจน์ตัวตน", "Prove your identity"],
  account: ["กรอกข้อมูลผู้ลงทะเบียน", "Your account"],
  confirmMobile: ["ยืนยันเบอร์โทรศัพท์มือถือ", "Confirm your mobile number"],
  otp: ["กรอกรหัส OTP", "Enter the OTP code"],
  review: ["ตรวจสอบข้อมูล", "Check your answers"],
  done: ["ลงทะเบียนสำเร็จ", "You are registered"],
  cancelled: ["ยกเลิกการลงทะเบียนแล้ว", "Registration cancelled"],
  ended: ["การลงทะเบียนสิ้นสุดแล้ว", "Your registration has ended"],
  registeredBefore: ["เลขประจำตัวประชาชนนี้ลงทะเบียนแล้ว", "This citizen ID already has an account"],
  myAccount: ["บัญชีของฉัน", "My account"],
  signedOut: ["ออกจากระบบแล้ว", "You are signed out"],
  signInCode: ["กรอกรหัส OTP เพื่อเข้าสู่ระบบ", "Enter the code to sign in"],
  consent: ["อนุญาตให้ส่งข้อมูลหรือไม่", "Do you allow this?"],
  lacking: ["ต้องยืนยันเพิ่มเติมก่อนใช้บริการนี้", "This service needs more proof"],
  refused: ["คำขอเข้าสู่ระบบไม่สมบูรณ์", "The sign-in request cannot be used"],
  posted: ["กำลังพาคุณกลับไปที่บริการ", "Taking you back to the service"],
  requestGone: ["กรุณาเริ่มใหม่จากบริการที่คุณมา", "Please start again at the service you came from"],
  askSignOut: ["ต้องการออกจากระบบหรือไม่", "Do you want to sign out?"],
  signOutRefused: ["คำขอออกจากระบบใช้ไม่ได้", "This sign-out request cannot be used"],
  notFound: ["ไม่พบหน้านี้", "Page not found"],
  error: ["ผิดพลาด: ", "Error: "],
};

export const LANGUAGES = ["th", "en"];

/** The words of one language. */
export function words(language) {
  const at = LANGUAGES.indexOf(language);
  return Object.fromEntries(Object.entries(WORDS).map(([name, both]) => [name, both[at]]));
}

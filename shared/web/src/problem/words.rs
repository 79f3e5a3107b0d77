//! What each problem says to people: what happened in a few words, and what to do. Never blames, never shows the inside.

use domain::language::{Language, Text};

use super::Problem;

pub(super) const fn title(problem: &Problem) -> Text {
    match problem {
        Problem::InvalidInput(_) => Text {
            th: "มีข้อมูลที่ต้องแก้ไข", en: "Some details need correcting"
        },
        Problem::MalformedRequest => {
            Text { th: "อ่านคำขอไม่ได้", en: "The request cannot be read" }
        }
        Problem::UnsupportedMediaType => Text {
            th: "ไม่รองรับรูปแบบข้อมูลนี้", en: "This form of data is not supported"
        },
        Problem::TooLarge => Text {
            th: "ข้อมูลมีขนาดใหญ่เกินไป", en: "The request is too large"
        },
        Problem::NoRegistration => Text {
            th: "การลงทะเบียนสิ้นสุดแล้ว", en: "Your registration has ended"
        },
        Problem::WrongStep(_) => Text {
            th: "ยังไม่ถึงขั้นตอนนี้", en: "You have not reached this step yet"
        },
        Problem::TermsOutdated => Text {
            th: "ข้อตกลงการใช้งานมีการปรับปรุง", en: "The terms of use have changed"
        },
        Problem::IdentityNotConfirmed => Text {
            th: "ยืนยันตัวตนไม่สำเร็จ", en: "We could not confirm your identity"
        },
        Problem::IdentityCheckUnavailable => Text {
            th: "ระบบตรวจสอบบัตรไม่พร้อมใช้งานชั่วคราว",
            en: "The card check is not available just now",
        },
        Problem::AlreadyRegistered => Text {
            th: "เลขประจำตัวประชาชนนี้ลงทะเบียนแล้ว",
            en: "This citizen ID already has an account",
        },
        Problem::UsernameTaken(_) => Text {
            th: "มีผู้ใช้บัญชีผู้ใช้งานนี้แล้ว", en: "That username is taken"
        },
        Problem::OtpIncorrect { .. } => {
            Text { th: "รหัส OTP ไม่ตรงกัน", en: "That is not the code we sent" }
        }
        Problem::OtpExpired => {
            Text { th: "รหัส OTP หมดอายุแล้ว", en: "The OTP code has expired" }
        }
        Problem::OtpExhausted => Text {
            th: "รหัส OTP นี้ใช้ไม่ได้แล้ว", en: "This OTP code can no longer be used"
        },
        Problem::SmsNotSent => Text {
            th: "ส่งข้อความไม่สำเร็จ", en: "The text message could not be sent"
        },
        Problem::TooManyRequests { .. } => {
            Text { th: "กรุณารอสักครู่", en: "Please wait a while" }
        }
        Problem::NumberInUse => Text {
            th: "ใช้เบอร์นี้ลงทะเบียนเพิ่มไม่ได้", en: "This number cannot be used again"
        },
        Problem::Busy | Problem::Unavailable => Text {
            th: "ระบบไม่พร้อมให้บริการชั่วคราว",
            en: "The service is not available just now",
        },
        Problem::CrossSiteRequest => Text {
            th: "คำขอนี้ไม่ได้มาจากเว็บไซต์ของเรา",
            en: "This request came from another site",
        },
        Problem::SignInFailed => Text {
            th: "เข้าสู่ระบบไม่สำเร็จ", en: "You could not be signed in"
        },
        Problem::NotSignedIn => Text { th: "กรุณาเข้าสู่ระบบ", en: "Please sign in" },
        Problem::RequestGone => Text {
            th: "กรุณาเริ่มใหม่จากบริการที่คุณมา",
            en: "Please start again at the service you came from",
        },
        Problem::NotFound => Text { th: "ไม่พบหน้านี้", en: "Page not found" },
        Problem::MethodNotAllowed => Text {
            th: "ใช้วิธีเรียกนี้ไม่ได้", en: "This method cannot be used here"
        },
        Problem::Internal => Text {
            th: "เกิดข้อผิดพลาดในระบบ", en: "Something went wrong on our side"
        },
    }
}

pub(super) const fn detail(problem: &Problem) -> Text {
    match problem {
        Problem::InvalidInput(_) => Text {
            th: "กรุณาแก้ไขข้อมูลที่ระบุไว้", en: "Correct the details listed"
        },
        Problem::MalformedRequest => Text {
            th: "กรุณาส่งข้อมูลอีกครั้งจากหน้าของเรา หรือตรวจสอบว่าเป็น JSON และ UTF-8 ที่ถูกต้อง",
            en: "Send it again from our page, or check that it is well-formed JSON and UTF-8",
        },
        Problem::UnsupportedMediaType => Text {
            th: "ส่งเป็น application/json หรือ application/x-www-form-urlencoded",
            en: "Send application/json or application/x-www-form-urlencoded",
        },
        Problem::TooLarge => {
            Text { th: "ส่งข้อมูลได้ไม่เกิน 16 KiB", en: "Send at most 16 KiB" }
        }
        Problem::NoRegistration => Text {
            th: "ไม่มีการทำรายการเกิน 30 นาที หรือเปิดจากเบราว์เซอร์อื่น ระบบไม่ได้เก็บข้อมูลที่กรอกไว้ กรุณาเริ่มลงทะเบียนใหม่",
            en: "Nothing was done for 30 minutes, or it was begun in another browser. What you typed was not kept. Please begin again",
        },
        Problem::WrongStep(_) => Text {
            th: "กรุณาทำขั้นตอนก่อนหน้าให้เสร็จก่อน ข้อมูลที่กรอกไว้แล้วยังอยู่",
            en: "Finish the step before it first. What you have already entered is kept",
        },
        Problem::TermsOutdated => Text {
            th: "กรุณาอ่านและให้ความยินยอมต่อข้อตกลงฉบับที่ใช้อยู่ในปัจจุบัน",
            en: "Read the terms now in force and answer them",
        },
        Problem::IdentityNotConfirmed => Text {
            th: "ข้อมูลไม่ตรงกับทะเบียนบัตรประจำตัวประชาชน กรุณาตรวจสอบกับหน้าบัตรและหลังบัตรแล้วลองอีกครั้ง",
            en: "The details do not match the card registry. Check them against the front and back of your card and try again",
        },
        Problem::IdentityCheckUnavailable => Text {
            th: "ยังไม่สามารถตรวจสอบบัตรได้ในขณะนี้ ครั้งนี้ไม่นับเป็นการลองผิด รอสักครู่แล้วลองใหม่ หรือเลือกรับรองข้อมูลด้วยตนเองก่อน แล้วยกระดับบัญชีภายหลัง",
            en: "The card cannot be checked at the moment, and this did not count as a try. Try again shortly, or give your own word now and raise your account's level later",
        },
        Problem::AlreadyRegistered => Text {
            th: "หากเป็นบัญชีของคุณ กรุณาเข้าสู่ระบบ หากคุณไม่เคยลงทะเบียน กรุณาติดต่อศูนย์ช่วยเหลือ",
            en: "If it is yours, sign in. If you never registered, contact the help centre",
        },
        Problem::UsernameTaken(_) => Text {
            th: "กรุณาเลือกบัญชีผู้ใช้งานอื่น", en: "Choose another username"
        },
        Problem::OtpExpired => {
            Text { th: "กรุณาขอรหัส OTP ใหม่", en: "Ask for a new code" }
        }
        Problem::OtpExhausted => Text {
            th: "ระบุรหัสไม่ตรงครบจำนวนครั้งแล้ว กรุณาขอรหัส OTP ใหม่",
            en: "It was entered wrongly too often. Ask for a new code",
        },
        Problem::SmsNotSent => Text {
            th: "ยังไม่ได้ส่งรหัส OTP และไม่นับเป็นการขอรหัส กรุณาลองอีกครั้ง",
            en: "No code was sent, and this did not count as one. Please try again",
        },
        Problem::NumberInUse => Text {
            th: "เบอร์นี้มีบัญชีที่ยังไม่ได้พิสูจน์ตัวตนครบจำนวนแล้ว กรุณาใช้เบอร์อื่น หรือพิสูจน์ตัวตนด้วยบัตรประจำตัวประชาชน",
            en: "This number already has as many unproven accounts as it may. Use another, or prove your identity with your ID card",
        },
        Problem::Busy | Problem::Unavailable => Text {
            th: "กรุณาลองอีกครั้งในอีกสักครู่ ข้อมูลที่บันทึกไว้แล้วยังอยู่",
            en: "Please try again in a moment. What was saved is kept",
        },
        Problem::CrossSiteRequest => Text {
            th: "เพื่อความปลอดภัย กรุณาเปิดหน้าเว็บของเราโดยตรงแล้วทำรายการอีกครั้ง",
            en: "For your safety, open our site directly and try again",
        },
        Problem::SignInFailed => Text {
            th: "บัญชีผู้ใช้งานหรือรหัสผ่านไม่ถูกต้อง กรุณาลองอีกครั้ง หากลองหลายครั้งแล้ว กรุณารอ 15 นาที",
            en: "The username or password is not right. Try again, or wait 15 minutes if you have tried several times",
        },
        Problem::NotSignedIn => Text {
            th: "เซสชันสิ้นสุดแล้วหรือยังไม่ได้เข้าสู่ระบบ",
            en: "Your session has ended, or you are not signed in",
        },
        Problem::RequestGone => Text {
            th: "คำขอเข้าสู่ระบบนี้หมดเวลาแล้ว หรือเริ่มจากเบราว์เซอร์อื่น กลับไปที่เว็บไซต์ของบริการ แล้วกดเข้าสู่ระบบด้วย Digital ID อีกครั้ง",
            en: "This request to sign in has run out of time, or was begun in another browser. Go back to the service's site and choose to sign in with Digital ID again",
        },
        Problem::NotFound => Text {
            th: "ตรวจสอบที่อยู่เว็บ หรือกลับไปที่หน้าแรก",
            en: "Check the address, or go to the home page",
        },
        Problem::MethodNotAllowed => Text {
            th: "ใช้ GET หรือ POST ตามเอกสาร", en: "Use GET or POST as documented"
        },
        Problem::Internal => Text {
            th: "กรุณาลองอีกครั้ง หากยังพบปัญหา แจ้งหมายเลขอ้างอิงนี้แก่ศูนย์ช่วยเหลือ",
            en: "Please try again. If it goes on, give the help centre this reference",
        },
        // Said with their numbers, by the functions below.
        Problem::OtpIncorrect { .. } | Problem::TooManyRequests { .. } => Text { th: "", en: "" },
    }
}

pub(super) fn attempts(left: u8, language: Language) -> String {
    match (language, left) {
        (Language::Th, 0) => "รหัสไม่ตรงกับที่ส่งไป และลองครบแล้ว กรุณาขอรหัส OTP ใหม่".to_owned(),
        (Language::Th, left) => format!("กรุณาระบุรหัส OTP ให้ถูกต้อง ลองได้อีก {left} ครั้ง"),
        (Language::En, 0) => "That is not the code we sent, and it cannot be tried again. Ask for a new one".to_owned(),
        (Language::En, 1) => "Check the code in the text message. You can try once more".to_owned(),
        (Language::En, left) => format!("Check the code in the text message. You can try {left} more times"),
    }
}

pub(super) fn come_back(seconds: i64, language: Language) -> String {
    let (th, en) = match seconds {
        ..=90 => (format!("{seconds} วินาที"), format!("{seconds} seconds")),
        91..=5400 => (format!("{} นาที", minutes(seconds)), format!("{} minutes", minutes(seconds))),
        _ => (format!("{} ชั่วโมง", hours(seconds)), format!("{} hours", hours(seconds))),
    };
    language.say(&format!("ลองใหม่ได้ในอีก {th}"), &format!("You can try again in {en}")).to_owned()
}

const fn minutes(seconds: i64) -> i64 {
    (seconds + 59) / 60
}

const fn hours(seconds: i64) -> i64 {
    (seconds + 3599) / 3600
}

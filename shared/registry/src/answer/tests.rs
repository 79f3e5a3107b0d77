use super::*;

const NAMESPACE: &str = r#"xmlns:soap="http://www.w3.org/2003/05/soap-envelope""#;

/// An answer as ASP.NET spells it, around the fields of its result.
fn around(fields: &str) -> String {
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="utf-8"?>"#,
            r#"<soap:Envelope {} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>"#,
            r#"<CheckCardByLaserResponse xmlns="http://tempuri.org/"><CheckCardByLaserResult>{}"#,
            "</CheckCardByLaserResult></CheckCardByLaserResponse></soap:Body></soap:Envelope>",
        ),
        NAMESPACE, fields
    )
}

fn answer(code: &str, desc: &str) -> String {
    around(&format!("<IsError>false</IsError><ErrorMessage /><Code>{code}</Code><Desc>{desc}</Desc>"))
}

fn verdict(xml: &str) -> Verdict {
    read(xml.as_bytes()).unwrap()
}

fn malformed(xml: &str) -> MalformedAnswer {
    match read(xml.as_bytes()) {
        Err(RegistryError::Malformed(reason)) => reason,
        other => panic!("{other:?}: {xml}"),
    }
}

#[test]
fn every_code_of_the_interface() {
    for (code, desc, expected) in [
        ("0", "สถานะปกติ", Verdict::Confirmed),
        (" 0\n", "", Verdict::Confirmed),
        ("1", "", Verdict::Refused(Refusal::ChipNotNormal)),
        ("2", "บัตรสิ้นสภาพการใช้งาน", Verdict::Refused(Refusal::CardExpired)),
        ("4", "สถานะไม่ปกติ =&gt; ไม่พบเลข Laser จาก PID นี้", Verdict::Refused(Refusal::LaserMismatch)),
        ("4", "สถานะไม่ปกติ => ข้อมูลไม่ตรง", Verdict::Refused(Refusal::PersonMismatch)),
        ("4", "สถานะไม่ปกติ =&#x3E;  ข้อมูลไม่ตรงกัน", Verdict::Refused(Refusal::PersonMismatch)),
        ("4", "<![CDATA[สถานะไม่ปกติ => ไม่พบเลข Laser จาก PID นี้]]>", Verdict::Refused(Refusal::LaserMismatch)),
        ("4", "สถานะไม่ปกติ", Verdict::Refused(Refusal::Other(4))),
        ("4", "", Verdict::Refused(Refusal::Other(4))),
        ("3", "", Verdict::Refused(Refusal::Other(3))),
        ("99", "สถานะปกติ", Verdict::Refused(Refusal::Other(99))),
        ("-1", "", Verdict::Refused(Refusal::Other(-1))),
    ] {
        assert_eq!(verdict(&answer(code, desc)), expected, "{code} {desc}");
    }
    assert!(matches!(read(answer("5", "ข้อมูลที่ใช้ในการตรวจสอบไม่ครบ").as_bytes()), Err(RegistryError::Incomplete)));
}

#[test]
fn a_code_spelt_otherwise_is_never_a_yes() {
    for code in ["", "00", "+0", "-0", "0.0", "๐", "O", "0 0", "zero", "99999999999999", "0<x/>", "<x>0</x>"] {
        assert_eq!(malformed(&answer(code, "สถานะปกติ")), MalformedAnswer::Unreadable("Code"), "{code}");
    }
}

#[test]
fn an_error_of_the_registry_is_no_verdict() {
    for fields in [
        "<IsError>true</IsError>",
        "<IsError>1</IsError><Code>0</Code>",
        "<Code>4</Code><IsError> true </IsError><ErrorMessage>x</ErrorMessage>",
    ] {
        assert!(matches!(read(around(fields).as_bytes()), Err(RegistryError::IsError)), "{fields}");
    }
    assert_eq!(verdict(&around("<IsError>0</IsError><Code>0</Code>")), Verdict::Confirmed);
    for (fields, reason) in [
        ("<Code>0</Code>", MalformedAnswer::Missing("IsError")),
        ("<IsError>false</IsError>", MalformedAnswer::Missing("Code")),
        ("<IsError /><Code>0</Code>", MalformedAnswer::Unreadable("IsError")),
        ("<IsError>False</IsError><Code>0</Code>", MalformedAnswer::Unreadable("IsError")),
        ("<IsError>false</IsError><Code>0</Code><Code>1</Code>", MalformedAnswer::Repeated("Code")),
        ("<IsError>false</IsError><IsError>true</IsError><Code>0</Code>", MalformedAnswer::Repeated("IsError")),
    ] {
        assert_eq!(malformed(&around(fields)), reason, "{fields}");
    }
}

#[test]
fn a_fault_is_no_verdict() {
    let fault = "<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code></soap:Fault>";
    let xml = format!("<soap:Envelope {NAMESPACE}><soap:Body>{fault}</soap:Body></soap:Envelope>");
    assert!(matches!(read(xml.as_bytes()), Err(RegistryError::Fault)));
    let beside = answer("0", "").replace("</soap:Body>", &format!("{fault}</soap:Body>"));
    assert!(matches!(read(beside.as_bytes()), Err(RegistryError::Fault)));
}

#[test]
fn prefixes_order_and_unknown_elements_do_not_matter() {
    let xml = r#"
        <!-- a comment -->
        <e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:t="http://tempuri.org/">
          <e:Header><t:Code>4</t:Code><t:IsError>true</t:IsError></e:Header>
          <e:Body>
            <t:CheckCardByLaserResponse>
              <t:CheckCardByLaserResult>
                <t:More><t:Code>4</t:Code></t:More>
                <t:Desc>x</t:Desc>
                <Code>4</Code>
                <x:Code xmlns:x="http://elsewhere.example/">4</x:Code>
                <y xmlns="http://tempuri.org/"/>
                <Code xmlns="http://tempuri.org/"><![CDATA[0]]></Code>
                <t:IsError>fal<!-- a comment -->se</t:IsError>
              </t:CheckCardByLaserResult>
            </t:CheckCardByLaserResponse>
          </e:Body>
        </e:Envelope>
    "#;
    assert_eq!(verdict(xml), Verdict::Confirmed);
    assert_eq!(verdict(&format!("\u{feff}{}", answer("0", ""))), Verdict::Confirmed);
}

#[test]
fn what_stands_elsewhere_does_not_count() {
    let good = answer("0", "");
    for (from, to, reason) in [
        (
            "http://www.w3.org/2003/05/soap-envelope",
            "http://schemas.xmlsoap.org/soap/envelope/",
            MalformedAnswer::NotSoap,
        ),
        ("http://tempuri.org/", "http://tempuri.org", MalformedAnswer::Missing("CheckCardByLaserResult")),
        ("soap:Body", "soap:Header", MalformedAnswer::Missing("CheckCardByLaserResult")),
        ("CheckCardByLaserResponse", "CheckCardByPidResponse", MalformedAnswer::Missing("CheckCardByLaserResult")),
        ("soap:Body", "body", MalformedAnswer::Missing("CheckCardByLaserResult")),
    ] {
        assert_eq!(malformed(&good.replace(from, to)), reason, "{from}");
    }
    let result = "<CheckCardByLaserResult><IsError>false</IsError><Code>0</Code></CheckCardByLaserResult>";
    let twice = answer("4", "").replace("</CheckCardByLaserResponse>", &format!("{result}</CheckCardByLaserResponse>"));
    assert_eq!(malformed(&twice), MalformedAnswer::Repeated("CheckCardByLaserResult"));
}

#[test]
fn document_types_and_entities_are_refused() {
    let declaration = r#"<?xml version="1.0" encoding="utf-8"?>"#;
    for doctype in [
        r#"<!DOCTYPE x [<!ENTITY zero "0">]>"#,
        r#"<!DOCTYPE x SYSTEM "file:///etc/passwd">"#,
        r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>"#,
    ] {
        let xml = answer("0", "").replace(declaration, &format!("{declaration}{doctype}"));
        assert_eq!(malformed(&xml), MalformedAnswer::DocumentType, "{doctype}");
    }
    assert_eq!(malformed(&answer("&zero;", "")), MalformedAnswer::DocumentType);
    assert_eq!(malformed(&answer("0", "&nbsp;")), MalformedAnswer::DocumentType);
    assert_eq!(verdict(&answer("&#48;", "&amp;&lt;")), Verdict::Confirmed);
    assert_eq!(malformed(&answer("&#x0;", "")), MalformedAnswer::NotWellFormed);
}

#[test]
fn cut_anywhere_it_is_malformed() {
    let good = answer("0", "สถานะปกติ");
    for (end, _) in good.char_indices() {
        let cut = &good[..end];
        assert!(matches!(read(cut.as_bytes()), Err(RegistryError::Malformed(_))), "{cut}");
    }
    assert!(matches!(read(&[0xff, 0xfe]), Err(RegistryError::Malformed(MalformedAnswer::NotUtf8))));
    for text in ["{}", "ok", "<html><body>ปิดปรับปรุง</body></html>", "<a><b></a>", "</a>"] {
        malformed(text);
    }
    assert_eq!(malformed(&format!("{good}{good}")), MalformedAnswer::NotWellFormed);
    assert_eq!(malformed(&format!("{good}x")), MalformedAnswer::NotWellFormed);
    assert_eq!(malformed(&"<a>".repeat(20_000)), MalformedAnswer::NotSoap);
    let deep = answer("0", &format!("{}{}", "<a>", "</a>"));
    assert_eq!(malformed(&deep), MalformedAnswer::Unreadable("Desc"));
}

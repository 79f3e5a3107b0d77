//! A page as a program without JavaScript reads it: its title, its forms, what leads where.

use std::collections::BTreeMap;

/// What a program needs to know of a page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What stands in the title.
    pub title: String,
    /// The language the page says it is in.
    pub language: String,
    /// The forms, in their order.
    pub forms: Vec<Form>,
    /// Every `id`.
    pub ids: Vec<String>,
    /// Where links lead, in their order.
    pub links: Vec<String>,
    /// Where the links of the error summary lead.
    pub summary: Vec<String>,
}

/// A form, filled in as it came.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// How, in lower case.
    pub method: String,
    /// What would be sent, in its order: names and values.
    pub fields: Vec<(String, String)>,
    /// The types of its inputs by name.
    pub types: BTreeMap<String, String>,
}

/// A start tag, or an end tag with no attributes and a slash before its name.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Page {
    /// Reads a page.
    pub fn read(html: &str) -> Self {
        let mut page = Self::default();
        let (mut form, mut in_summary): (Option<Form>, bool) = (None, false);
        for (tag, after) in tags(html) {
            let of = |name: &str| tag.attributes.get(name).cloned().unwrap_or_default();
            if let Some(id) = tag.attributes.get("id") {
                in_summary |= id == "error-summary";
                page.ids.push(id.clone());
            }
            match tag.name.as_str() {
                "html" => page.language = of("lang"),
                "title" => page.title = decoded(after),
                "h1" => in_summary = false,
                "a" => {
                    page.links.push(of("href"));
                    if in_summary {
                        page.summary.push(of("href"));
                    }
                }
                "form" => {
                    let method = of("method").to_lowercase();
                    form = Some(Form { action: of("action"), method, ..Form::default() });
                }
                "/form" => page.forms.extend(form.take()),
                "input" => {
                    if let Some(form) = &mut form {
                        form.take_in(&tag);
                    }
                }
                // The first button is the one that Enter presses.
                "button" if of("type") != "button" && !of("name").is_empty() => {
                    let pressed = form.as_mut().filter(|form| form.value(&of("name")).is_none());
                    if let Some(form) = pressed {
                        form.fields.push((of("name"), of("value")));
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// The form that goes to `action`.
    pub fn form(&self, action: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.action == action)
    }
}

impl Form {
    /// What would be sent under a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same form with a value typed in, or another choice made.
    ///
    /// # Panics
    /// If it has no such field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(key, _)| key == name);
        assert!(field.is_some(), "the form has no field {name}");
        if let Some(field) = field {
            value.clone_into(&mut field.1);
        }
        self
    }

    /// As it is sent.
    pub fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    fn take_in(&mut self, input: &Tag) {
        let of = |name: &str| input.attributes.get(name).cloned().unwrap_or_default();
        let (name, kind) = (of("name"), of("type"));
        let unchecked = kind == "radio" && !input.attributes.contains_key("checked");
        if !name.is_empty() {
            self.types.insert(name.clone(), kind);
            if !unchecked {
                self.fields.push((name, of("value")));
            }
        }
    }
}

/// The tags of a page, each with the text after it.
fn tags(html: &str) -> impl Iterator<Item = (Tag, &str)> {
    html.split('<').skip(1).filter_map(|piece| {
        let end = end_of_tag(piece)?;
        let (inside, after) = piece.split_at_checked(end)?;
        Some((tag(inside.trim_end_matches('/')), after.strip_prefix('>')?))
    })
}

/// The first `>` outside quotes.
fn end_of_tag(piece: &str) -> Option<usize> {
    let mut quoted = false;
    piece.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn tag(inside: &str) -> Tag {
    let (name, mut rest) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let mut attributes = BTreeMap::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"").and_then(|quoted| quoted.split_once('"')) {
            Some((value, after)) => (decoded(value), after),
            None => (String::new(), after.strip_prefix('=').unwrap_or(after)),
        };
        attributes.insert(key.to_lowercase(), value);
        rest = after;
    }
    Tag { name: name.to_lowercase(), attributes }
}

/// Without character references, as askama writes them.
fn decoded(text: &str) -> String {
    let named = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">")];
    let text = named.iter().fold(text.to_owned(), |text, (reference, c)| text.replace(reference, c));
    text.replace("&quot;", "\"").replace("&#38;", "&").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_what_stands_in_it() {
        let page = Page::read(concat!(
            r#"<html lang="th"><title>a &#38; b</title><form action="/x" method="POST">"#,
            r#"<input type="hidden" name="h" value="1 > 0"><input name="t" value="&#34;x&#34;">"#,
            r#"<input type="radio" name="r" value="a" id="r"><input type="radio" name="r" value="b" checked>"#,
            r#"<button name="go" value="yes">!</button><button name="go" value="no">!</button></form><form></form>"#,
        ));
        assert_eq!((page.title.as_str(), page.language.as_str(), page.forms.len()), ("a & b", "th", 2));
        let form = page.form("/x").unwrap();
        assert_eq!(form.method, "post");
        assert_eq!(form.value("h"), Some("1 > 0"));
        assert_eq!((form.value("r"), form.value("go")), (Some("b"), Some("yes")));
        assert_eq!(form.clone().with("r", "a").encoded(), "h=1+%3E+0&t=%22x%22&r=a&go=yes");
    }
}

use crate::flight::Word;
use napi_derive::napi;

/// A file that is written when V8 asks for a higher heap limit.
#[napi(object, object_to_js = false)]
pub struct LastWordShape {
    /// Absolute.
    pub path: String,
    /// With marks for what only that moment knows, see `src/flight/last_words.rs`.
    pub text: String,
    /// The file that is there is written to, rather than replaced.
    pub in_place: bool,
}

impl From<LastWordShape> for Word {
    fn from(word: LastWordShape) -> Self {
        Self {
            path: word.path.into(),
            text: word.text,
            in_place: word.in_place,
        }
    }
}

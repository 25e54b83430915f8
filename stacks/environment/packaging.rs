//! How enhanced videos are made into streams.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Environment;
use super::rules::{Problem, within};

/// How enhanced videos are made into streams: by MediaConvert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Packaging {
    /// What players ask for.
    pub format: StreamFormat,
    /// In how many sizes and rates a stream is there, for players to choose from as their connection allows.
    pub renditions: Renditions,
    /// How many bits a second the best rendition has at most.
    #[schemars(range(min = 100_000, max = 100_000_000))]
    pub max_bitrate: u32,
    /// How many renditions there are at most; of `automated` ones only.
    #[schemars(range(min = 3, max = 15))]
    pub max_renditions: u32,
    /// How long a segment is, in seconds.
    #[schemars(range(min = 1, max = 60))]
    pub segment_seconds: u32,
}

/// Formats of streams. There is a job template for each; the workflow takes this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamFormat {
    /// Fragmented MP4 that is there once, with the manifests of both HLS and DASH.
    #[default]
    Cmaf,
    /// HLS with MPEG-2 transport streams: for players that know nothing else.
    Hls,
    /// DASH.
    Dash,
}

/// In how many sizes and rates a stream is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Renditions {
    /// In as many as the picture is worth, which MediaConvert finds out. At the price of its professional tier.
    #[default]
    Automated,
    /// In the size that it has.
    Single,
}

impl StreamFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Hls, Self::Dash, Self::Cmaf];

    /// Returns the format as keys of streams spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cmaf => "cmaf",
            Self::Hls => "hls",
            Self::Dash => "dash",
        }
    }
}

impl Packaging {
    /// Collects what is wrong with the section.
    pub(super) fn problems(&self, problems: &mut Vec<Problem>, environment: &Environment) {
        within(problems, "packaging.max_bitrate", self.max_bitrate, 100_000..=100_000_000);
        within(problems, "packaging.max_renditions", self.max_renditions, 3..=15);
        within(problems, "packaging.segment_seconds", self.segment_seconds, 1..=60);
        if self.format == StreamFormat::Hls && environment.recipe.encoding.codec.is_hevc() {
            let message = "packaging.format `hls` holds no HEVC that players would play".into();
            let hint = Some("use `cmaf`, or let the recipe write H.264".into());
            problems.push(Problem { keys: vec!["packaging.format", "packaging"], message, hint });
        }
    }
}

impl Default for Packaging {
    fn default() -> Self {
        Self {
            format: StreamFormat::default(),
            renditions: Renditions::default(),
            max_bitrate: 16_000_000,
            max_renditions: 6,
            segment_seconds: 6,
        }
    }
}

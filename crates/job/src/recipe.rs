//! Recipes: all that decides a job's output.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// All that decides a job's output: engine, scale and encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What enhances the picture.
    pub engine: Engine,
    /// By how much the picture grows, in each direction.
    pub scale: Scale,
    /// How the enhanced picture is written.
    pub encoding: Encoding,
}

/// What enhances the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Engine {
    /// BLUEDOT Bluewhale: real-time upscaling, on its AMI.
    Bluewhale {
        /// Which of its two models.
        model: BluewhaleModel,
    },
    /// BLUEDOT Walrus: generative upscaling, on its AMI.
    Walrus {
        /// How strongly it generates, from 0 to 1.
        gamma: Gamma,
        /// What it looks for.
        prompt: WalrusPrompt,
    },
    /// Real-ESRGAN.
    RealEsrgan,
    /// `SwinIR`.
    SwinIr,
    /// Plain FFmpeg, Lanczos: for local runs and services that only encode.
    Scale,
}

/// Models of Bluewhale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BluewhaleModel {
    /// Removes noise first, and adds film grain afterwards.
    A,
    /// Upscales only.
    B,
}

/// What Walrus looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WalrusPrompt {
    /// Nothing in particular.
    Null,
    /// Details to be generated.
    Generate,
    /// Surveillance pictures.
    Cctv,
    /// Faces.
    Face,
    /// Sports.
    Sports,
}

/// How strongly Walrus generates, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Gamma(f64);

/// By how much the picture grows in each direction, from 2 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Scale(u32);

/// How the enhanced picture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// FFmpeg's name of the encoder.
    pub codec: Codec,
    /// The constant quality that the encoder aims at, from 0 (best) to 51: `-crf` of `libx264` and `libx265`, `-cq`
    /// of the NVENC encoders.
    #[schemars(range(max = 51))]
    pub quality: u8,
    /// The encoder's preset: `ultrafast` to `veryslow` for `libx264` and `libx265`, `p1` to `p7` for NVENC.
    pub preset: Preset,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: PixelFormat,
    /// The file format.
    pub container: Container,
}

/// Video encoders, by FFmpeg's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Codec {
    /// H.264 on the CPU.
    #[serde(rename = "libx264")]
    Libx264,
    /// HEVC on the CPU.
    #[serde(rename = "libx265")]
    Libx265,
    /// H.264 on an NVIDIA GPU.
    #[serde(rename = "h264_nvenc")]
    H264Nvenc,
    /// HEVC on an NVIDIA GPU.
    #[serde(rename = "hevc_nvenc")]
    HevcNvenc,
}

/// Presets of the encoders, from fast to thorough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are FFmpeg's own words")]
pub enum Preset {
    Ultrafast,
    Superfast,
    Veryfast,
    Faster,
    Fast,
    Medium,
    Slow,
    Slower,
    Veryslow,
    P1,
    P2,
    P3,
    P4,
    P5,
    P6,
    P7,
}

/// Pixel formats of the output, by FFmpeg's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PixelFormat {
    /// 8 bits a sample, chroma halved both ways.
    Yuv420p,
    /// 10 bits a sample, chroma halved both ways.
    Yuv420p10le,
}

/// File formats of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// MP4.
    Mp4,
    /// Matroska.
    Mkv,
}

/// What is wrong with a recipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The factor is none that any engine has.
    #[error("scale {0} is not available; allowed: 2, 3, 4")]
    Scale(u32),
    /// The engine does not have this factor.
    #[error("engine {engine} does not scale by {scale}; allowed: {allowed}")]
    EngineScale {
        /// The engine's name.
        engine: &'static str,
        /// The factor asked for.
        scale: Scale,
        /// The factors that it has.
        allowed: &'static str,
    },
    /// Gamma is out of range.
    #[error("gamma {0} is out of range; allowed: 0 to 1")]
    Gamma(String),
    /// The quality is out of range.
    #[error("quality {0} is out of range; allowed: 0 (best) to 51")]
    Quality(u8),
    /// The preset belongs to other encoders.
    #[error("preset {preset} is not one of {codec}; allowed: {allowed}")]
    Preset {
        /// The preset asked for.
        preset: &'static str,
        /// The encoder.
        codec: &'static str,
        /// The presets that it has.
        allowed: &'static str,
    },
    /// The encoder cannot write the pixel format.
    #[error("{codec} cannot write {pixel_format}; use yuv420p, or a HEVC encoder")]
    PixelFormat {
        /// The encoder.
        codec: &'static str,
        /// The pixel format asked for.
        pixel_format: &'static str,
    },
}

impl Recipe {
    /// Checks what the types alone cannot: that the parts go together.
    pub fn check(&self) -> Result<(), RecipeError> {
        let (factors, allowed) = self.engine.factors();
        if !factors.contains(&self.scale.0) {
            return Err(RecipeError::EngineScale { engine: self.engine.name(), scale: self.scale, allowed });
        }
        self.encoding.check()
    }

    /// Returns the recipe as stable text: equal for equal recipes, different for different ones, for ever.
    ///
    /// It goes into the identity of jobs. A setting that is added later is left out of the text while it has the
    /// value that held before it existed. The text has no quotes, backslashes or spaces.
    pub fn identity(&self) -> String {
        let Encoding { codec, quality, preset, pixel_format, container } = self.encoding;
        let engine = match &self.engine {
            Engine::Bluewhale { model } => format!("bluewhale,model={}", model.as_str()),
            Engine::Walrus { gamma, prompt } => format!("walrus,gamma={gamma},prompt={}", prompt.as_str()),
            engine => engine.name().to_owned(),
        };
        format!(
            "engine={engine};scale={};codec={};quality={quality};preset={};pixel_format={};container={}",
            self.scale,
            codec.as_str(),
            preset.as_str(),
            pixel_format.as_str(),
            container.as_str()
        )
    }
}

impl Engine {
    /// Returns the engine's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bluewhale { .. } => "bluewhale",
            Self::Walrus { .. } => "walrus",
            Self::RealEsrgan => "real-esrgan",
            Self::SwinIr => "swin-ir",
            Self::Scale => "scale",
        }
    }

    /// The factors that the engine has, for the program and for people. Walrus's are not documented; the worker
    /// checks what came out.
    const fn factors(&self) -> (&'static [u32], &'static str) {
        match self {
            Self::Bluewhale { .. } => (&[2], "2"),
            _ => (&[2, 3, 4], "2, 3, 4"),
        }
    }
}

impl Encoding {
    fn check(self) -> Result<(), RecipeError> {
        let codec = self.codec.as_str();
        if self.quality > 51 {
            return Err(RecipeError::Quality(self.quality));
        }
        if self.preset.is_nvenc() != self.codec.is_nvenc() {
            let allowed = if self.codec.is_nvenc() { "p1 to p7" } else { "ultrafast to veryslow" };
            return Err(RecipeError::Preset { preset: self.preset.as_str(), codec, allowed });
        }
        if self.pixel_format.bits() > 8 && !self.codec.is_hevc() {
            return Err(RecipeError::PixelFormat { codec, pixel_format: self.pixel_format.as_str() });
        }
        Ok(())
    }
}

impl BluewhaleModel {
    /// Returns the model's letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

impl WalrusPrompt {
    /// Returns the number by which the filter knows the prompt.
    pub const fn number(self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Generate => 1,
            Self::Cctv => 2,
            Self::Face => 3,
            Self::Sports => 4,
        }
    }

    /// Returns the prompt's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Generate => "generate",
            Self::Cctv => "cctv",
            Self::Face => "face",
            Self::Sports => "sports",
        }
    }
}

impl Codec {
    /// Returns FFmpeg's name of the encoder.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Libx264 => "libx264",
            Self::Libx265 => "libx265",
            Self::H264Nvenc => "h264_nvenc",
            Self::HevcNvenc => "hevc_nvenc",
        }
    }

    /// Tells whether the encoder runs on an NVIDIA GPU.
    pub const fn is_nvenc(self) -> bool {
        matches!(self, Self::H264Nvenc | Self::HevcNvenc)
    }

    /// Tells whether the encoder writes HEVC.
    pub const fn is_hevc(self) -> bool {
        matches!(self, Self::Libx265 | Self::HevcNvenc)
    }

    /// Returns FFmpeg's name of the format that the encoder writes, as probes show it.
    pub const fn format(self) -> &'static str {
        if self.is_hevc() { "hevc" } else { "h264" }
    }
}

impl Preset {
    /// Returns FFmpeg's name of the preset.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ultrafast => "ultrafast",
            Self::Superfast => "superfast",
            Self::Veryfast => "veryfast",
            Self::Faster => "faster",
            Self::Fast => "fast",
            Self::Medium => "medium",
            Self::Slow => "slow",
            Self::Slower => "slower",
            Self::Veryslow => "veryslow",
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
            Self::P5 => "p5",
            Self::P6 => "p6",
            Self::P7 => "p7",
        }
    }

    const fn is_nvenc(self) -> bool {
        matches!(self, Self::P1 | Self::P2 | Self::P3 | Self::P4 | Self::P5 | Self::P6 | Self::P7)
    }
}

impl PixelFormat {
    /// Returns FFmpeg's name of the pixel format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yuv420p => "yuv420p",
            Self::Yuv420p10le => "yuv420p10le",
        }
    }

    /// Returns how many bits a sample has.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Yuv420p => 8,
            Self::Yuv420p10le => 10,
        }
    }
}

impl Container {
    /// Returns the extension of such files, without a dot.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mkv => "mkv",
        }
    }

    /// Returns FFmpeg's name of the format.
    pub const fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mkv => "matroska",
        }
    }

    /// Returns the media type of such files, for the object's `Content-Type`.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Mkv => "video/x-matroska",
        }
    }
}

impl Gamma {
    /// Makes a gamma of a number from 0 to 1.
    pub fn new(gamma: f64) -> Result<Self, RecipeError> {
        if (0.0..=1.0).contains(&gamma) {
            // Zero loses its sign, which would make two texts of one number.
            Ok(Self(gamma + 0.0))
        } else {
            Err(RecipeError::Gamma(gamma.to_string()))
        }
    }
}

impl TryFrom<f64> for Gamma {
    type Error = RecipeError;

    fn try_from(gamma: f64) -> Result<Self, RecipeError> {
        Self::new(gamma)
    }
}

impl From<Gamma> for f64 {
    fn from(gamma: Gamma) -> Self {
        gamma.0
    }
}

impl fmt::Display for Gamma {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl JsonSchema for Gamma {
    fn schema_name() -> Cow<'static, str> {
        "Gamma".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How strongly Walrus generates, from 0 to 1.",
            "type": "number", "minimum": 0, "maximum": 1,
        })
    }
}

impl Scale {
    /// Makes a factor of 2, 3 or 4.
    pub const fn new(scale: u32) -> Result<Self, RecipeError> {
        match scale {
            2..=4 => Ok(Self(scale)),
            _ => Err(RecipeError::Scale(scale)),
        }
    }

    /// Returns the factor.
    pub const fn factor(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Scale {
    type Error = RecipeError;

    fn try_from(scale: u32) -> Result<Self, RecipeError> {
        Self::new(scale)
    }
}

impl From<Scale> for u32 {
    fn from(scale: Scale) -> Self {
        scale.0
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl JsonSchema for Scale {
    fn schema_name() -> Cow<'static, str> {
        "Scale".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "By how much the picture grows in each direction, from 2 to 4.",
            "type": "integer", "minimum": 2, "maximum": 4,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn sample() -> Recipe {
        Recipe {
            engine: Engine::Scale,
            scale: Scale(2),
            encoding: Encoding {
                codec: Codec::Libx264,
                quality: 18,
                preset: Preset::Medium,
                pixel_format: PixelFormat::Yuv420p,
                container: Container::Mp4,
            },
        }
    }

    fn bluewhale() -> Recipe {
        let encoding = Encoding { codec: Codec::H264Nvenc, quality: 13, preset: Preset::P5, ..sample().encoding };
        Recipe { engine: Engine::Bluewhale { model: BluewhaleModel::A }, scale: Scale(2), encoding }
    }

    #[test]
    fn a_recipe_is_written_as_an_environment_writes_it() {
        let written = r#"
            engine = { walrus = { gamma = 0.5, prompt = "face" } }
            scale = 4

            [encoding]
            codec = "hevc_nvenc"
            quality = 19
            preset = "p6"
            pixel_format = "yuv420p10le"
            container = "mkv"
        "#;
        let recipe: Recipe = toml::from_str(written).unwrap();
        assert_eq!(recipe.check(), Ok(()));
        assert_eq!(
            serde_json::to_value(&recipe).unwrap(),
            json!({
                "engine": { "walrus": { "gamma": 0.5, "prompt": "face" } },
                "scale": 4,
                "encoding": {
                    "codec": "hevc_nvenc", "quality": 19, "preset": "p6", "pixel_format": "yuv420p10le", "container": "mkv",
                },
            })
        );
        assert_eq!(serde_json::to_value(sample()).unwrap()["engine"], json!("scale"));
    }

    #[test]
    fn unknown_settings_are_refused() {
        for (place, key) in [("", "denoise"), ("/encoding", "bitrate"), ("/engine/bluewhale", "grain")] {
            let mut value = serde_json::to_value(bluewhale()).unwrap();
            value.pointer_mut(place).unwrap()[key] = json!(1);
            let error = serde_json::from_value::<Recipe>(value).unwrap_err().to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused_when_read() {
        for (scale, good) in [(1, false), (2, true), (4, true), (5, false)] {
            let mut value = serde_json::to_value(sample()).unwrap();
            value["scale"] = json!(scale);
            assert_eq!(serde_json::from_value::<Recipe>(value).is_ok(), good, "{scale}");
        }
        for (gamma, good) in [(-0.1, false), (0.0, true), (1.0, true), (1.1, false)] {
            assert_eq!(serde_json::from_value::<Gamma>(json!(gamma)).is_ok(), good, "{gamma}");
        }
        assert_eq!(Gamma::new(-0.0).unwrap().to_string(), "0");
        assert_eq!(Gamma::new(f64::NAN).unwrap_err().to_string(), "gamma NaN is out of range; allowed: 0 to 1");
    }

    #[test]
    fn parts_that_do_not_go_together_are_named() {
        let message = |change: fn(&mut Recipe)| {
            let mut recipe = bluewhale();
            change(&mut recipe);
            recipe.check().map_err(|error| error.to_string())
        };
        assert_eq!(message(|_| ()), Ok(()));
        assert_eq!(
            message(|recipe| recipe.scale = Scale(4)).unwrap_err(),
            "engine bluewhale does not scale by 4; allowed: 2"
        );
        assert_eq!(
            message(|recipe| recipe.encoding.preset = Preset::Slow).unwrap_err(),
            "preset slow is not one of h264_nvenc; allowed: p1 to p7"
        );
        assert_eq!(
            message(|recipe| recipe.encoding.quality = 52).unwrap_err(),
            "quality 52 is out of range; allowed: 0 (best) to 51"
        );
        assert_eq!(
            message(|recipe| recipe.encoding.pixel_format = PixelFormat::Yuv420p10le).unwrap_err(),
            "h264_nvenc cannot write yuv420p10le; use yuv420p, or a HEVC encoder"
        );
    }

    #[test]
    fn the_identity_never_changes() {
        assert_eq!(
            sample().identity(),
            "engine=scale;scale=2;codec=libx264;quality=18;preset=medium;pixel_format=yuv420p;container=mp4"
        );
        assert_eq!(
            bluewhale().identity(),
            "engine=bluewhale,model=a;scale=2;codec=h264_nvenc;quality=13;preset=p5;pixel_format=yuv420p;container=mp4"
        );
        let walrus = Engine::Walrus { gamma: Gamma::new(1.0).unwrap(), prompt: WalrusPrompt::Sports };
        assert!(
            Recipe { engine: walrus, ..sample() }
                .identity()
                .starts_with("engine=walrus,gamma=1,prompt=sports;scale=2;")
        );
    }

    #[test]
    fn words_are_those_of_the_wire() {
        use Preset::{
            Fast, Faster, Medium, P1, P2, P3, P4, P5, P6, P7, Slow, Slower, Superfast, Ultrafast, Veryfast, Veryslow,
        };
        for codec in [Codec::Libx264, Codec::Libx265, Codec::H264Nvenc, Codec::HevcNvenc] {
            assert_eq!(serde_json::to_value(codec).unwrap(), codec.as_str());
        }
        for preset in
            [Ultrafast, Superfast, Veryfast, Faster, Fast, Medium, Slow, Slower, Veryslow, P1, P2, P3, P4, P5, P6, P7]
        {
            assert_eq!(serde_json::to_value(preset).unwrap(), preset.as_str());
        }
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv420p10le] {
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        for container in [Container::Mp4, Container::Mkv] {
            assert_eq!(serde_json::to_value(container).unwrap(), container.as_str());
        }
        for engine in [Engine::RealEsrgan, Engine::SwinIr, Engine::Scale] {
            assert_eq!(serde_json::to_value(&engine).unwrap(), engine.name());
        }
    }

    #[test]
    fn the_schema_says_what_is_allowed() {
        let schema = serde_json::to_value(schemars::schema_for!(Recipe)).unwrap();
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(schema["$defs"]["Scale"]["maximum"], json!(4));
        assert_eq!(schema["$defs"]["Encoding"]["properties"]["quality"]["maximum"], json!(51));
    }
}

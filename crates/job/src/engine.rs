//! What each engine is asked to do, in FFmpeg's words.
//!
//! BLUEDOT's filters and their environment are as their AMIs' documentation gives them; the constant quality of NVENC
//! is as `libavcodec/nvenc.c` wants it.

use crate::{BluewhaleModel, Engine, Recipe, RecipeError, Scale};

/// The picture that goes into an engine: as it is shown, after any rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The shape of a pixel, width to height; `None` where the source does not say.
    pub sample_aspect_ratio: Option<(u32, u32)>,
    /// Tells whether its frames consist of two fields.
    pub interlaced: bool,
}

/// Why an engine cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The engine is planned, but not there yet.
    #[error("engine {0} is not available yet; use bluewhale, walrus or scale")]
    NotAvailable(&'static str),
    /// The recipe's parts do not go together.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
}

/// Where the variable's value goes when it is set already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Instead of the present value.
    Replace,
    /// Before the present value, with a colon.
    Prepend,
    /// After the present value, with a colon.
    Append,
}

/// An environment variable that an engine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The variable's name.
    pub name: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Where it goes when it is set already.
    pub merge: Merge,
}

/// Returns the size of the enhanced picture: the source's times the scale, each side rounded up to an even number,
/// which pixel formats with halved chroma need.
pub const fn enhanced_size(width: u32, height: u32, scale: Scale) -> (u32, u32) {
    (even(width.saturating_mul(scale.factor())), even(height.saturating_mul(scale.factor())))
}

const fn even(pixels: u32) -> u32 {
    pixels.saturating_add(pixels % 2)
}

/// Writes the filter graph: fields are joined first, then the engine works, then the shape of a pixel is restored.
pub fn filter_graph(recipe: &Recipe, picture: Picture) -> Result<String, EngineError> {
    recipe.check()?;
    let deinterlace = picture.interlaced.then(|| "bwdif=mode=send_frame:parity=auto:deint=all".to_owned());
    // Rounding to even sides makes FFmpeg adjust the shape of a pixel by a hair; the source's is kept instead.
    let shape = picture.sample_aspect_ratio.map(|(width, height)| format!("setsar={width}/{height}"));
    let filters: Vec<String> =
        [deinterlace, Some(engine_filter(recipe, picture)?), shape].into_iter().flatten().collect();
    Ok(filters.join(","))
}

fn engine_filter(recipe: &Recipe, picture: Picture) -> Result<String, EngineError> {
    match &recipe.engine {
        Engine::Bluewhale { model: BluewhaleModel::A } => {
            Ok("bdnvx_aws,bdsr_coupang_aws,noise=c0s=8:allf=t+u".to_owned())
        }
        Engine::Bluewhale { model: BluewhaleModel::B } => Ok("bdsr_coupang_aws".to_owned()),
        Engine::Walrus { gamma, prompt } => Ok(format!("bdwalrus_aws=gamma={gamma}:prompt={}", prompt.number())),
        Engine::Scale => {
            let (width, height) = enhanced_size(picture.width, picture.height, recipe.scale);
            Ok(format!("scale=w={width}:h={height}:flags=lanczos+accurate_rnd"))
        }
        engine @ (Engine::RealEsrgan | Engine::SwinIr) => Err(EngineError::NotAvailable(engine.name())),
    }
}

/// Returns the environment that an engine needs.
pub const fn environment(engine: &Engine) -> &'static [Variable] {
    const fn variable(name: &'static str, value: &'static str, merge: Merge) -> Variable {
        Variable { name, value, merge }
    }
    const BLUEDOT: [Variable; 8] = [
        variable("ONNX_DIR", "/usr/local/bluedot/models/", Merge::Replace),
        variable(
            "LD_LIBRARY_PATH",
            "/etc/neura-vortex/nvx_packages/plugins/libs:/usr/local/cuda/lib64:/usr/local/bluedot/:/usr/local/TensorRT/lib",
            Merge::Prepend,
        ),
        variable("PATH", "/usr/local/bluedot", Merge::Prepend),
        variable("PATH", "/etc/neura-vortex/bin", Merge::Append),
        variable("PYTHONPATH", "/etc/neura-vortex/libs/python3.10/site-packages", Merge::Replace),
        variable("VSSCRIPT_PATH", "/etc/neura-vortex/nvx_packages/plugins/scripts", Merge::Replace),
        variable("VSPREFIX", "/etc/neura-vortex", Merge::Replace),
        variable("VAPOURSYNTH_CONF_PATH", "/etc/neura-vortex/vapoursynth.conf", Merge::Replace),
    ];
    match engine {
        Engine::Bluewhale { .. } | Engine::Walrus { .. } => &BLUEDOT,
        Engine::RealEsrgan | Engine::SwinIr | Engine::Scale => &[],
    }
}

/// Writes the encoder's arguments, for one video stream of the output.
pub fn encoder_arguments(encoding: crate::Encoding) -> Vec<String> {
    let crate::Encoding { codec, quality, preset, pixel_format, container } = encoding;
    let mut arguments = vec!["-c:v:0", codec.as_str(), "-preset", preset.as_str()];
    let quality = quality.to_string();
    if codec.is_nvenc() {
        // Without `-b:v 0`, older builds keep a default bitrate that bounds the quality.
        arguments.extend(["-rc", "vbr", "-cq", &quality, "-b:v:0", "0"]);
    } else {
        arguments.extend(["-crf", &quality]);
    }
    let pixel_format = match (codec.is_nvenc(), pixel_format) {
        (true, crate::PixelFormat::Yuv420p10le) => "p010le",
        (_, format) => format.as_str(),
    };
    arguments.extend(["-pix_fmt:v:0", pixel_format]);
    if codec.is_hevc() && container == crate::Container::Mp4 {
        // The other tag, hev1, does not play on Apple's devices.
        arguments.extend(["-tag:v:0", "hvc1"]);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::tests::sample;
    use crate::{Codec, Container, Encoding, Gamma, PixelFormat, Preset, WalrusPrompt};

    const PICTURE: Picture = Picture { width: 640, height: 480, sample_aspect_ratio: None, interlaced: false };

    fn graph(engine: Engine, picture: Picture) -> Result<String, EngineError> {
        filter_graph(&Recipe { engine, ..sample() }, picture)
    }

    #[test]
    fn each_engine_has_its_filters() {
        assert_eq!(graph(Engine::Scale, PICTURE).unwrap(), "scale=w=1280:h=960:flags=lanczos+accurate_rnd");
        let bluewhale = |model| graph(Engine::Bluewhale { model }, PICTURE).unwrap();
        assert_eq!(bluewhale(BluewhaleModel::A), "bdnvx_aws,bdsr_coupang_aws,noise=c0s=8:allf=t+u");
        assert_eq!(bluewhale(BluewhaleModel::B), "bdsr_coupang_aws");
        let walrus = Engine::Walrus { gamma: Gamma::new(0.25).unwrap(), prompt: WalrusPrompt::Face };
        assert_eq!(graph(walrus, PICTURE).unwrap(), "bdwalrus_aws=gamma=0.25:prompt=3");
    }

    #[test]
    fn engines_that_are_not_there_say_so() {
        for engine in [Engine::RealEsrgan, Engine::SwinIr] {
            assert_eq!(graph(engine.clone(), PICTURE), Err(EngineError::NotAvailable(engine.name())));
        }
    }

    #[test]
    fn a_recipe_that_does_not_go_together_is_refused() {
        let recipe = Recipe {
            scale: Scale::new(3).unwrap(),
            engine: Engine::Bluewhale { model: BluewhaleModel::B },
            ..sample()
        };
        assert!(matches!(filter_graph(&recipe, PICTURE), Err(EngineError::Recipe(_))));
    }

    #[test]
    fn fields_are_joined_before_and_the_shape_of_a_pixel_is_kept_after() {
        let picture = Picture { interlaced: true, sample_aspect_ratio: Some((16, 15)), ..PICTURE };
        assert_eq!(
            graph(Engine::Scale, picture).unwrap(),
            "bwdif=mode=send_frame:parity=auto:deint=all,scale=w=1280:h=960:flags=lanczos+accurate_rnd,setsar=16/15"
        );
    }

    #[test]
    fn sides_become_even() {
        let scale = |factor| Scale::new(factor).unwrap();
        assert_eq!(enhanced_size(319, 239, scale(2)), (638, 478));
        assert_eq!(enhanced_size(319, 240, scale(3)), (958, 720));
        assert_eq!(enhanced_size(u32::MAX, 1, scale(4)), (u32::MAX, 4));
    }

    #[test]
    fn encoders_aim_at_constant_quality() {
        let encoding = sample().encoding;
        assert_eq!(encoder_arguments(encoding).join(" "), "-c:v:0 libx264 -preset medium -crf 18 -pix_fmt:v:0 yuv420p");
        let nvenc = Encoding { codec: Codec::H264Nvenc, quality: 13, preset: Preset::P5, ..encoding };
        assert_eq!(
            encoder_arguments(nvenc).join(" "),
            "-c:v:0 h264_nvenc -preset p5 -rc vbr -cq 13 -b:v:0 0 -pix_fmt:v:0 yuv420p"
        );
        let hevc = Encoding { codec: Codec::HevcNvenc, pixel_format: PixelFormat::Yuv420p10le, ..nvenc };
        assert_eq!(
            encoder_arguments(hevc).join(" "),
            "-c:v:0 hevc_nvenc -preset p5 -rc vbr -cq 13 -b:v:0 0 -pix_fmt:v:0 p010le -tag:v:0 hvc1"
        );
        let matroska = Encoding { codec: Codec::Libx265, container: Container::Mkv, ..encoding };
        assert!(!encoder_arguments(matroska).contains(&"hvc1".to_owned()));
    }

    #[test]
    fn only_bluedot_s_engines_need_an_environment() {
        assert!(environment(&Engine::Scale).is_empty());
        let names: Vec<_> = environment(&Engine::Bluewhale { model: BluewhaleModel::B })
            .iter()
            .filter(|variable| variable.merge == Merge::Prepend)
            .map(|variable| variable.name)
            .collect();
        assert_eq!(names, ["LD_LIBRARY_PATH", "PATH"]);
    }
}

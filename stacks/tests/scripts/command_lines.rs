//! What the scripts ask of FFmpeg, held against what the agent asks of it.

use std::collections::BTreeMap;
use std::fs;

use job::command::{CopyCodec, EnhanceInput, StreamCopy, StreamKind, enhance_arguments};
use job::engine::{Merge, Picture, environment};
use job::{
    BluewhaleModel, Codec, Container, Encoding, Engine, Gamma, PixelFormat, Preset, Recipe, Scale, WalrusPrompt,
};
use serde_json::Value;

use crate::instance::{Instance, base64url, bluewhale, sample, variables, video};

const BLUEWHALE: Engine = Engine::Bluewhale { model: BluewhaleModel::A };

fn walrus(gamma: f64, prompt: WalrusPrompt) -> Engine {
    Engine::Walrus { gamma: Gamma::new(gamma).unwrap(), prompt }
}

fn recipe(engine: Engine, codec: Codec, preset: Preset, pixel_format: PixelFormat, container: Container) -> Recipe {
    let encoding = Encoding { codec, quality: 13, preset, pixel_format, container };
    let recipe = Recipe { engine, scale: Scale::new(2).unwrap(), encoding };
    recipe.check().unwrap();
    recipe
}

/// The seeds' recipe, as an environment has it.
fn seeds(engine: Engine) -> Recipe {
    recipe(engine, Codec::H264Nvenc, Preset::P5, PixelFormat::Yuv420p, Container::Mp4)
}

/// The command for a recipe, and its parameters.
fn command(recipe: &Recipe) -> (&'static str, BTreeMap<String, String>) {
    let Encoding { codec, quality, preset, pixel_format, container } = recipe.encoding;
    let quality = quality.to_string();
    let mut all = bluewhale([
        ("SSM_Codec", codec.as_str()),
        ("SSM_Quality", &quality),
        ("SSM_Preset", preset.as_str()),
        ("SSM_PixelFormat", pixel_format.as_str()),
        ("SSM_Container", container.as_str()),
    ]);
    let options = serde_json::to_value(&recipe.engine).unwrap();
    let name = match &recipe.engine {
        Engine::Bluewhale { .. } => {
            all.extend(variables([("SSM_Model", options["bluewhale"]["model"].as_str().unwrap())]));
            "enhance-bluewhale"
        }
        Engine::Walrus { gamma, .. } => {
            let prompt = options["walrus"]["prompt"].as_str().unwrap();
            all.extend(variables([("SSM_Gamma", gamma.to_string().as_str()), ("SSM_Prompt", prompt)]));
            "enhance-walrus"
        }
        engine => panic!("no command for {engine:?}"),
    };
    (name, all)
}

/// What `sample` holds, as the agent would see it.
fn sample_input(container: Container) -> EnhanceInput {
    let copy = |index, kind, codec| StreamCopy { index, kind, codec };
    let subtitles = if container == Container::Mp4 { CopyCodec::MovText } else { CopyCodec::Copy };
    EnhanceInput {
        format: "matroska".to_owned(),
        video_stream: 0,
        time_base: (1, 1000),
        picture: Picture { width: 64, height: 48, sample_aspect_ratio: Some((1, 1)), interlaced: false },
        copies: vec![
            copy(1, StreamKind::Audio, CopyCodec::Copy),
            copy(2, StreamKind::Audio, CopyCodec::Copy),
            copy(3, StreamKind::Subtitle, subtitles),
        ],
    }
}

/// The arguments with which FFmpeg was called to enhance.
fn asked(instance: &Instance) -> Vec<String> {
    let text = fs::read_to_string(instance.stand_in("ffmpeg")).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}

fn enhance(source: &[u8], recipe: &Recipe) -> (Instance, job::TaskReport) {
    let instance = Instance::new();
    instance.put("sources", "source", source, &Value::Null);
    let (name, variables) = command(recipe);
    let report = instance.run(name, &variables).report();
    (instance, report)
}

#[test]
fn scripts_and_agent_ask_the_same_of_ffmpeg() {
    use PixelFormat::{Yuv420p, Yuv420p10le};
    let source = sample();
    let recipes = [
        seeds(BLUEWHALE),
        seeds(Engine::Bluewhale { model: BluewhaleModel::B }),
        recipe(BLUEWHALE, Codec::HevcNvenc, Preset::P7, Yuv420p10le, Container::Mp4),
        recipe(BLUEWHALE, Codec::HevcNvenc, Preset::P1, Yuv420p10le, Container::Mkv),
        recipe(walrus(0.0, WalrusPrompt::Null), Codec::Libx264, Preset::Medium, Yuv420p, Container::Mp4),
        recipe(walrus(0.25, WalrusPrompt::Cctv), Codec::Libx265, Preset::Medium, Yuv420p, Container::Mkv),
        recipe(walrus(1.0, WalrusPrompt::Sports), Codec::Libx265, Preset::Medium, Yuv420p10le, Container::Mp4),
    ];
    for recipe in recipes {
        let (instance, report) = enhance(&source, &recipe);
        let container = recipe.encoding.container;
        assert_eq!(asked(&instance), enhance_arguments(&recipe, &sample_input(container), "output").unwrap());
        assert_eq!((report.width, report.height, report.frames), (128, 96, 10));
        let streams = report.streams;
        assert_eq!((streams.video, streams.audio, streams.subtitle), (1, 2, 1), "nothing is lost");
        assert_eq!(report.engine, recipe.engine.name());
    }
}

#[test]
fn every_prompt_has_its_number() {
    use WalrusPrompt::{Cctv, Face, Generate, Null, Sports};
    let source = sample();
    for prompt in [Null, Generate, Cctv, Face, Sports] {
        let instance = Instance::new();
        instance.put("sources", "source", &source, &Value::Null);
        let (name, mut parameters) = command(&seeds(walrus(0.5, prompt)));
        // It is asked before it fails.
        parameters.extend(variables([("FFMPEG_FAULT", "fail")]));
        instance.run(name, &parameters).failed("engine", "enhancing with walrus");
        let filter = format!("bdwalrus_aws=gamma=0.5:prompt={},setsar=1/1", prompt.number());
        assert!(asked(&instance).contains(&filter), "{filter}");
    }
}

#[test]
fn fields_and_the_shape_of_a_pixel_are_treated_alike() {
    let source = video(
        "-f lavfi -i testsrc2=size=96x64:rate=25:duration=0.4 -f lavfi -i sine=duration=0.4 -map 1 -map 0 \
         -vf setsar=16/15,setfield=tff -c:v libx264 -preset ultrafast -flags +ildct+ilme -x264opts tff=1 -c:a mp2 \
         -bitexact source.ts",
    );
    let recipe = seeds(BLUEWHALE);
    let (instance, report) = enhance(&source, &recipe);
    let input = EnhanceInput {
        format: "mpegts".to_owned(),
        video_stream: 1,
        time_base: (1, 90_000),
        picture: Picture { width: 96, height: 64, sample_aspect_ratio: Some((16, 15)), interlaced: true },
        copies: vec![StreamCopy { index: 0, kind: StreamKind::Audio, codec: CopyCodec::Copy }],
    };
    assert_eq!(asked(&instance), enhance_arguments(&recipe, &input, "output").unwrap());
    assert_eq!((report.width, report.height, report.streams.audio), (192, 128, 1));
}

#[test]
fn a_turned_picture_with_cover_art_is_treated_alike() {
    let source = video(
        "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.4 -f lavfi -i color=size=32x32:duration=0.04 -map 0 -map 1 \
         -c:v:0 libx264 -preset ultrafast -c:v:1 png -frames:v:1 1 \
         -disposition:v:1 attached_pic -bitexact upright.mp4 ; \
         -i upright.mp4 -map 0 -c copy -metadata:s:v:0 rotate=90 -bitexact source.mp4",
    );
    let recipe = seeds(BLUEWHALE);
    let (instance, report) = enhance(&source, &recipe);
    let input = EnhanceInput {
        format: "mov".to_owned(),
        video_stream: 0,
        time_base: (1, 12_800),
        picture: Picture { width: 48, height: 64, sample_aspect_ratio: Some((1, 1)), interlaced: false },
        copies: vec![StreamCopy { index: 1, kind: StreamKind::AttachedPicture, codec: CopyCodec::Copy }],
    };
    assert_eq!(asked(&instance), enhance_arguments(&recipe, &input, "output").unwrap());
    assert_eq!((report.width, report.height), (96, 128));
}

#[test]
fn the_engine_has_its_environment() {
    let source = sample();
    for recipe in [seeds(BLUEWHALE), seeds(walrus(0.5, WalrusPrompt::Face))] {
        for libraries in [None, Some("/opt/lib")] {
            let instance = Instance::new();
            instance.put("sources", "source", &source, &Value::Null);
            let (name, mut parameters) = command(&recipe);
            parameters.extend(variables(libraries.map(|value| ("LD_LIBRARY_PATH", value))));
            parameters.extend(variables([("GPUS", "3")]));
            instance.run(name, &parameters).report();

            let text = fs::read_to_string(instance.stand_in("environment")).unwrap();
            let found: BTreeMap<_, _> = text.split('\0').filter_map(|line| line.split_once('=')).collect();
            assert_eq!(found["CUDA_VISIBLE_DEVICES"], "3");
            for variable in environment(&recipe.engine) {
                let value = found[variable.name];
                match variable.merge {
                    Merge::Replace => assert_eq!(value, variable.value),
                    Merge::Prepend => assert!(value.starts_with(variable.value), "{value}"),
                    Merge::Append => assert!(value.ends_with(variable.value), "{value}"),
                }
            }
            let whole = libraries.map_or_else(String::new, |value| format!(":{value}"));
            assert!(found["LD_LIBRARY_PATH"].ends_with(&format!("/usr/local/TensorRT/lib{whole}")));
        }
    }
}

#[test]
fn parameters_out_of_range_are_refused() {
    for (name, value, allowed) in [
        ("SSM_Model", "c", "a, b"),
        ("SSM_Codec", "h264_nvenc -i /etc/passwd", "h264_nvenc, hevc_nvenc, libx264, libx265"),
        ("SSM_Quality", "52", "0 (best) to 51"),
        ("SSM_Preset", "slow", "p1 to p7, for h264_nvenc"),
        ("SSM_Container", "avi", "mp4, mkv"),
        ("SSM_SourceBucket", "-rf", "the name of a bucket"),
        ("SSM_OutputBucket", "a b c", "the name of a bucket"),
        ("SSM_SourceVersion", "v1;id", "the id of a version"),
        ("SSM_SourceEtag", "\"x\"", "an entity tag, without its quotes"),
        ("SSM_SourceBytes", "a[$(id)]", "a number of bytes"),
        ("SSM_Job", "x", "32 hexadecimal digits"),
    ] {
        let instance = Instance::new();
        let ended = instance.run("enhance-bluewhale", &bluewhale([(name, value)]));
        ended.failed("internal", &format!("parameter {}", name.trim_start_matches("SSM_")));
        assert!(ended.errors.contains(&format!("hint: allowed: {allowed}")), "{}", ended.errors);
        assert_eq!(instance.operations(), [] as [String; 0]);
    }
    let walrus = |name, value| {
        let mut all = bluewhale([("SSM_Gamma", "0.5"), ("SSM_Prompt", "face")]);
        all.extend(variables([(name, value)]));
        Instance::new().run("enhance-walrus", &all)
    };
    walrus("SSM_Gamma", "1.1").failed("internal", "parameter Gamma is '1.1'");
    walrus("SSM_Gamma", "1e-1").failed("internal", "parameter Gamma");
    walrus("SSM_Prompt", "dog").failed("internal", "parameter Prompt is 'dog'");
    let ten_bits = bluewhale([("SSM_PixelFormat", "yuv420p10le")]);
    Instance::new().run("enhance-bluewhale", &ten_bits).failed("internal", "h264_nvenc cannot write yuv420p10le");
}

#[test]
fn an_old_ssm_agent_is_refused() {
    for missing in ["SSM_Model", "SSM_SourceKey", "SSM_Codec"] {
        let instance = Instance::new();
        let mut variables = bluewhale([]);
        variables.remove(missing);
        let ended = instance.run("enhance-bluewhale", &variables);
        ended.failed("internal", &format!("${missing} is not set"));
        assert!(ended.errors.contains("hint: update the SSM agent to 3.3.2746.0 or later"), "{}", ended.errors);
        assert_eq!(instance.operations(), [] as [String; 0]);
    }
    for name in ["install-aws-cli", "install-agent", "upgrade-agent", "drain-agent", "diagnostics", "enhance-walrus"] {
        let ended = Instance::new().run(name, &BTreeMap::new());
        ended.failed("internal", "is not set");
    }
}

#[test]
fn an_optional_parameter_may_be_left_out_altogether() {
    let instance = Instance::new();
    instance.put("sources", "source", &sample(), &Value::Null);
    let mut variables = bluewhale([]);
    for name in ["SSM_SourceVersion", "SSM_SourceEtag", "SSM_SourceBytes", "SSM_Job", "SSM_Attempt"] {
        variables.remove(name);
    }
    assert_eq!(instance.run("enhance-bluewhale", &variables).report().key, "result");
    assert_eq!(base64url("result"), "cmVzdWx0");
}

//! The way from an enhanced video to streams, as it is described.

use serde_json::{Value, json};
use stacks::Environment;
use stacks::environment::{Renditions, StreamFormat};

use crate::support::{environment, environments, resource, resources};

/// The settings of a job template.
fn settings(environment: &Environment, template: &str) -> Value {
    resource(environment, "packaging", template)["Properties"]["SettingsJson"].clone()
}

fn codec(settings: &Value) -> &Value {
    &settings["OutputGroups"][0]["Outputs"][0]["VideoDescription"]["CodecSettings"]
}

#[test]
fn there_is_a_template_for_each_format() {
    for (template, kind) in
        [("Hls", "HLS_GROUP_SETTINGS"), ("Dash", "DASH_ISO_GROUP_SETTINGS"), ("Cmaf", "CMAF_GROUP_SETTINGS")]
    {
        let settings = settings(&environment("prod"), template);
        assert_eq!(settings["OutputGroups"][0]["OutputGroupSettings"]["Type"], kind);
    }
    let cmaf = settings(&environment("prod"), "Cmaf");
    let group = &cmaf["OutputGroups"][0]["OutputGroupSettings"]["CmafGroupSettings"];
    assert_eq!((&group["WriteHlsManifest"], &group["WriteDashManifest"]), (&json!("ENABLED"), &json!("ENABLED")));
}

#[test]
fn the_quality_is_what_counts_and_the_rate_is_bounded() {
    let mut environment = environment("prod");
    for (renditions, tuning) in [(Renditions::Automated, "MULTI_PASS_HQ"), (Renditions::Single, "SINGLE_PASS_HQ")] {
        environment.packaging.as_mut().unwrap().renditions = renditions;
        for template in ["Hls", "Dash", "Cmaf"] {
            let settings = settings(&environment, template);
            let codec = &codec(&settings)["H264Settings"];
            assert_eq!((&codec["RateControlMode"], &codec["QualityTuningLevel"]), (&json!("QVBR"), &json!(tuning)));
            let ladder = &settings["OutputGroups"][0]["AutomatedEncodingSettings"]["AbrSettings"];
            let bounds = [&codec["MaxBitrate"], &ladder["MaxAbrBitrate"]];
            assert_eq!(
                bounds.map(|bound| bound == 16_000_000),
                [renditions == Renditions::Single, renditions == Renditions::Automated]
            );
        }
    }
}

#[test]
fn ten_bits_stay_ten_bits() {
    let mut environment = environment("prod");
    environment.recipe.encoding.codec = job::Codec::HevcNvenc;
    environment.recipe.encoding.pixel_format = job::PixelFormat::Yuv420p10le;
    let settings = settings(&environment, "Cmaf");
    let codec = codec(&settings);
    assert_eq!(codec["Codec"], "H_265");
    assert_eq!(codec["H265Settings"]["CodecProfile"], "MAIN10_MAIN");
}

#[test]
fn jobs_take_the_template_of_their_format() {
    let mut environment = environment("prod");
    for (format, template) in [(StreamFormat::Hls, "Hls"), (StreamFormat::Dash, "Dash"), (StreamFormat::Cmaf, "Cmaf")] {
        environment.packaging.as_mut().unwrap().format = format;
        let workflow = resource(&environment, "jobs", "Workflow");
        let arguments = &workflow["Properties"]["Definition"]["States"]["Package"]["Arguments"];
        assert_eq!(arguments["JobTemplate"], json!({ "Ref": format!("Packaging{template}Arn") }));
        let ours = &settings(&environment, template)["OutputGroups"][0];
        let theirs = &arguments["Settings"]["OutputGroups"][0];
        assert_eq!(theirs["AutomatedEncodingSettings"], ours["AutomatedEncodingSettings"]);
    }
}

#[test]
fn what_is_enhanced_is_packaged_where_the_environment_says_so() {
    for environment in environments() {
        let all = resources(&environment);
        let is_there = |id: &str| all.iter().any(|(_, found, _)| found == id);
        let workflow = resource(&environment, "jobs", "Workflow");
        let states = &workflow["Properties"]["Definition"]["States"];
        let expected = environment.packaging.is_some();
        assert_eq!(states.get("Package").is_some(), expected, "{}", environment.name);
        assert_eq!(is_there("PackagingUsesStorage"), expected, "{}", environment.name);
    }
}

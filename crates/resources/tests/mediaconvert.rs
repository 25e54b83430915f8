//! The settings of MediaConvert: what they become, written as an author would.

use resources::mediaconvert::settings::{
    AacSettings, AfdSignaling, AudioCodecSettings, AudioDefaultSelection, AudioDescription, AudioSelector,
    AutomatedAbrRule, AutomatedAbrSettings, AutomatedEncodingSettings, CmafGroupSettings, CmafManifestDurationFormat,
    CmafWriteDASHManifest, CmafWriteHLSManifest, CmfcSettings, ContainerSettings, CreateJobRequest, H264GopSizeUnits,
    H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode, H264SceneChangeDetect, H264Settings,
    HlsGroupSettings, HlsManifestDurationFormat, Input, InputRotate, InputTemplate, JobSettings, JobTemplateSettings,
    M3u8Settings, MinTopRenditionSize, Output, OutputGroup, OutputGroupSettings, PresetSettings, VideoCodecSettings,
    VideoDescription, VideoSelector,
};
use resources::{kind, mediaconvert};
use serde_json::{Value as JsonValue, json};
use template::{App, Arn, Assume, IntoValue, Json, Map, References, Settings, Stack, Value};

/// Declares one stack and returns its template.
fn template<T>(declare: impl FnOnce(&mut Stack) -> T) -> JsonValue {
    let mut app = App::new(Settings {
        name: "baleen".into(),
        environment: "test".into(),
        account: "111122223333".into(),
        region: "ap-northeast-2".into(),
        tags: vec![],
        references: References::Weak,
        termination_protection: false,
    });
    app.stack("one", declare);
    app.synth().expect("nothing is wrong").stacks[0].template.to_json()
}

fn picture() -> VideoDescription {
    let codec = H264Settings::new()
        .rate_control_mode(H264RateControlMode::Qvbr)
        .max_bitrate(5_000_000)
        .qvbr_settings(H264QvbrSettings::new().qvbr_quality_level(8))
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
        .scene_change_detect(H264SceneChangeDetect::TransitionDetection)
        .gop_size(2.0)
        .gop_size_units(H264GopSizeUnits::Seconds);
    VideoDescription::new().afd_signaling(AfdSignaling::None).codec_settings(VideoCodecSettings::h264(codec))
}

fn sound() -> AudioDescription {
    let aac = AacSettings::new().bitrate(96_000).sample_rate(48_000);
    AudioDescription::new().audio_source_name("All").codec_settings(AudioCodecSettings::aac(aac))
}

fn hls() -> OutputGroup {
    let group = HlsGroupSettings::new()
        .destination("s3://delivery/1/hls/")
        .segment_length(6)
        .min_segment_length(0)
        .manifest_duration_format(HlsManifestDurationFormat::FloatingPoint);
    let output = Output::new()
        .name_modifier("_1080p")
        .container_settings(ContainerSettings::m3u8(M3u8Settings::new()))
        .video_description(picture())
        .audio_descriptions([sound()]);
    OutputGroup::new().name("HLS").output_group_settings(OutputGroupSettings::hls(group)).outputs([output])
}

/// Both manifests of one group, and a ladder that MediaConvert chooses.
fn cmaf() -> OutputGroup {
    let group = CmafGroupSettings::new()
        .segment_length(6)
        .fragment_length(2)
        .manifest_duration_format(CmafManifestDurationFormat::FloatingPoint)
        .write_hls_manifest(CmafWriteHLSManifest::Enabled)
        .write_dash_manifest(CmafWriteDASHManifest::Enabled);
    let ladder = AutomatedAbrSettings::new()
        .max_renditions(6)
        .rules([AutomatedAbrRule::min_top_rendition_size(MinTopRenditionSize::new().width(1920).height(1080))]);
    let cmfc = || ContainerSettings::cmfc(CmfcSettings::new());
    let outputs = [
        Output::new().name_modifier("_video").container_settings(cmfc()).video_description(picture()),
        Output::new().name_modifier("_audio").container_settings(cmfc()).audio_descriptions([sound()]),
    ];
    OutputGroup::new()
        .name("CMAF")
        .output_group_settings(OutputGroupSettings::cmaf(group))
        .automated_encoding_settings(AutomatedEncodingSettings::new().abr_settings(ladder))
        .outputs(outputs)
}

fn expected_picture() -> JsonValue {
    json!({
        "AfdSignaling": "NONE",
        "CodecSettings": {
            "Codec": "H_264",
            "H264Settings": {
                "RateControlMode": "QVBR",
                "MaxBitrate": 5_000_000,
                "QvbrSettings": { "QvbrQualityLevel": 8 },
                "QualityTuningLevel": "SINGLE_PASS_HQ",
                "SceneChangeDetect": "TRANSITION_DETECTION",
                "GopSize": 2.0,
                "GopSizeUnits": "SECONDS"
            }
        }
    })
}

fn expected_sound() -> JsonValue {
    json!([{
        "AudioSourceName": "All",
        "CodecSettings": { "Codec": "AAC", "AacSettings": { "Bitrate": 96_000, "SampleRate": 48_000 } }
    }])
}

#[test]
fn a_job_template_for_hls_and_cmaf() {
    let resources = template(|stack| {
        let queue = stack.add("Queue", mediaconvert::Queue::new());
        let input = InputTemplate::new()
            .audio_selectors([("All", AudioSelector::new().default_selection(AudioDefaultSelection::Default))])
            .video_selector(VideoSelector::new().rotate(InputRotate::Auto));
        let settings = JobTemplateSettings::new().inputs([input]).output_groups([hls(), cmaf()]);
        stack.add("Template", mediaconvert::JobTemplate::new(settings).queue(queue.arn()).priority(0));
    })["Resources"]
        .clone();
    let template = &resources["Template"];
    assert_eq!(template["Properties"]["Queue"], json!({ "Fn::GetAtt": ["Queue", "Arn"] }));
    let settings = &template["Properties"]["SettingsJson"];
    assert_eq!(
        settings["Inputs"],
        json!([{
            "AudioSelectors": { "All": { "DefaultSelection": "DEFAULT" } },
            "VideoSelector": { "Rotate": "AUTO" }
        }])
    );
    assert_eq!(
        settings["OutputGroups"][0],
        json!({
            "Name": "HLS",
            "OutputGroupSettings": {
                "Type": "HLS_GROUP_SETTINGS",
                "HlsGroupSettings": {
                    "Destination": "s3://delivery/1/hls/",
                    "SegmentLength": 6,
                    "MinSegmentLength": 0,
                    "ManifestDurationFormat": "FLOATING_POINT"
                }
            },
            "Outputs": [{
                "NameModifier": "_1080p",
                "ContainerSettings": { "Container": "M3U8", "M3u8Settings": {} },
                "VideoDescription": expected_picture(),
                "AudioDescriptions": expected_sound()
            }]
        })
    );
    let cmfc = json!({ "Container": "CMFC", "CmfcSettings": {} });
    assert_eq!(
        settings["OutputGroups"][1],
        json!({
            "Name": "CMAF",
            "OutputGroupSettings": {
                "Type": "CMAF_GROUP_SETTINGS",
                "CmafGroupSettings": {
                    "SegmentLength": 6,
                    "FragmentLength": 2,
                    "ManifestDurationFormat": "FLOATING_POINT",
                    "WriteHlsManifest": "ENABLED",
                    "WriteDashManifest": "ENABLED"
                }
            },
            "AutomatedEncodingSettings": {
                "AbrSettings": {
                    "MaxRenditions": 6,
                    "Rules": [{
                        "Type": "MIN_TOP_RENDITION_SIZE",
                        "MinTopRenditionSize": { "Width": 1920, "Height": 1080 }
                    }]
                }
            },
            "Outputs": [
                { "NameModifier": "_video", "ContainerSettings": cmfc, "VideoDescription": expected_picture() },
                { "NameModifier": "_audio", "ContainerSettings": cmfc, "AudioDescriptions": expected_sound() }
            ]
        })
    );
}

#[test]
fn a_request_to_create_a_job_stands_for_json() {
    let outputs = template(|stack| {
        let role: Value<Arn<kind::iam::Role>> = "arn:aws:iam::111122223333:role/mediaconvert".assume();
        let input = Input::new().file_input("s3://enhanced/clip.mp4");
        let group = HlsGroupSettings::new().destination("{% $destination %}".assume::<String>());
        let group = OutputGroup::new().output_group_settings(OutputGroupSettings::hls(group));
        let settings = JobSettings::new().inputs([input]).output_groups([group]);
        let request = CreateJobRequest::new(role, settings).job_template("hls").user_metadata([("job", "1")]);
        let request: Value<Json> = request.into_value();
        let preset = PresetSettings::new().video_description(picture());
        stack.add("Preset", mediaconvert::Preset::new(preset).raw("Category", request))
    });
    let request = &outputs["Resources"]["Preset"]["Properties"]["Category"];
    assert_eq!(
        *request,
        json!({
            "Role": "arn:aws:iam::111122223333:role/mediaconvert",
            "Settings": {
                "Inputs": [{ "FileInput": "s3://enhanced/clip.mp4" }],
                "OutputGroups": [{
                    "OutputGroupSettings": {
                        "Type": "HLS_GROUP_SETTINGS",
                        "HlsGroupSettings": { "Destination": "{% $destination %}" }
                    }
                }]
            },
            "JobTemplate": "hls",
            "UserMetadata": { "job": "1" }
        })
    );
    let codec = &outputs["Resources"]["Preset"]["Properties"]["SettingsJson"]["VideoDescription"]["CodecSettings"];
    assert_eq!(codec["Codec"], "H_264");
}

#[test]
fn what_is_newer_than_the_settings_can_be_said() {
    let codec = VideoCodecSettings::other(mediaconvert::settings::VideoCodec::Other("AV2".into()));
    let video = VideoDescription::new().codec_settings(codec.raw("Av2Settings", json!({ "Tiles": 4 })));
    let properties = template(|stack| {
        let preset = PresetSettings::new().video_description(video);
        stack.add("Preset", mediaconvert::Preset::new(preset));
        let json: Value<Json> = json!({ "Anything": true }).into_value();
        let settings: Value<JobTemplateSettings> = json.assume();
        let tags: Value<Map<String>> = [("team", "media")].into_value();
        stack.add("Template", mediaconvert::JobTemplate::new(settings).tags(tags))
    })["Resources"]
        .clone();
    let video = &properties["Preset"]["Properties"]["SettingsJson"]["VideoDescription"];
    assert_eq!(video["CodecSettings"], json!({ "Codec": "AV2", "Av2Settings": { "Tiles": 4 } }));
    assert_eq!(properties["Template"]["Properties"]["SettingsJson"], json!({ "Anything": true }));
    assert_eq!(properties["Template"]["Properties"]["Tags"], json!({ "team": "media" }));
}

//! The rules about MediaConvert.

use tree::Severity;

use crate::rule::Rule;

pub(super) static SETTINGS: Rule = Rule {
    id: "mediaconvert/settings",
    severity: Severity::Error,
    statement: "the settings of a codec are those of the codec that is chosen, and there is an output group",
    why: "MediaConvert refuses the template, or every job of it",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/example-job-settings.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_265",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_265",
        "H265Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
};

pub(super) static RATE: Rule = Rule {
    id: "mediaconvert/rate",
    severity: Severity::Error,
    statement: "a rate control has the bitrates that it needs, and not those of another one",
    why: "MediaConvert refuses every job of the template",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/qvbr.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR"}}}}]}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
};

pub(super) static ABR: Rule = Rule {
    id: "mediaconvert/automated",
    severity: Severity::Error,
    statement: "with automated ABR a group has one output with video, by QVBR, without bitrates and sizes",
    why: "MediaConvert refuses every job of the template",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/auto-abr.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": {"SegmentLength": 6, "MinSegmentLength": 0}},
        "Outputs": [{"NameModifier": "_v", "ContainerSettings": {"Container": "M3U8"},
        "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}],
        "AutomatedEncodingSettings": {"AbrSettings": {"MaxAbrBitrate": 8000000}}}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": {"SegmentLength": 6, "MinSegmentLength": 0}},
        "Outputs": [{"NameModifier": "_v", "ContainerSettings": {"Container": "M3U8"},
        "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR"}}}}],
        "AutomatedEncodingSettings": {"AbrSettings": {"MaxAbrBitrate": 8000000}}}]}}}}}"#,
};

pub(super) static AUDIO: Rule = Rule {
    id: "mediaconvert/audio",
    severity: Severity::Error,
    statement: "an output takes its sound from a selector that the inputs have",
    why: "MediaConvert refuses every job of the template",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/about-audio-selectors.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}},
        "AudioDescriptions": [{"AudioSourceName": "Audio Selector 2", "CodecSettings": {"Codec": "AAC",
        "AacSettings": {"Bitrate": 128000, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48000}}}]}]}],
        "Inputs": [{"AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}},
        "AudioDescriptions": [{"AudioSourceName": "Audio Selector 1", "CodecSettings": {"Codec": "AAC",
        "AacSettings": {"Bitrate": 128000, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48000}}}]}]}],
        "Inputs": [{"AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}}}]}}}}}"#,
};

pub(super) static NAME: Rule = Rule {
    id: "mediaconvert/name",
    severity: Severity::Error,
    statement: "the outputs of a group have name modifiers of their own",
    why: "MediaConvert refuses every job of the template, because outputs would overwrite each other",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/including-the-name-modifier.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_sr",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}, {"NameModifier": "_sr",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_sr",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}, {"NameModifier": "_hd",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
};

pub(super) static CONTAINER: Rule = Rule {
    id: "mediaconvert/container",
    severity: Severity::Error,
    statement: "outputs have the container of their group, and a group the settings of its type",
    why: "MediaConvert refuses every job of the template",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/outputs-file-ABR.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": {"SegmentLength": 6, "MinSegmentLength": 0}},
        "Outputs": [{"NameModifier": "_v", "ContainerSettings": {"Container": "MP4"},
        "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "HLS_GROUP_SETTINGS", "HlsGroupSettings": {"SegmentLength": 6, "MinSegmentLength": 0}},
        "Outputs": [{"NameModifier": "_v", "ContainerSettings": {"Container": "M3U8"},
        "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}}}]}]}}}}}"#,
};

pub(super) static SIZE: Rule = Rule {
    id: "mediaconvert/size",
    severity: Severity::Error,
    statement: "width and height are even",
    why: "MediaConvert refuses every job of the template",
    page: "https://docs.aws.amazon.com/mediaconvert/latest/ug/video-scaling.html",
    bad: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}, "Width": 1919}}]}]}}}}}"#,
    good: r#"{"Resources": {"Template": {"Type": "AWS::MediaConvert::JobTemplate",
        "Properties": {"SettingsJson": {"OutputGroups": [{"OutputGroupSettings":
        {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {}}, "Outputs": [{"NameModifier": "_v",
        "ContainerSettings": {"Container": "MP4"}, "VideoDescription": {"CodecSettings": {"Codec": "H_264",
        "H264Settings": {"RateControlMode": "QVBR", "MaxBitrate": 5000000}}, "Width": 1920}}]}]}}}}}"#,
};

/// The rules of this file.
pub(super) static RULES: &[&Rule] = &[&SETTINGS, &RATE, &ABR, &AUDIO, &NAME, &CONTAINER, &SIZE];

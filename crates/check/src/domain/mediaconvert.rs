//! Job templates of MediaConvert: settings that only make sense together.

use std::collections::{BTreeMap, BTreeSet};

use tree::{Finding, Tree};

use super::mediaconvert_rules::{ABR, AUDIO, CONTAINER, NAME, RATE, SETTINGS, SIZE};
use crate::look::{Resource, Unreadable, View};
use crate::words::{all_of, any_of, did_you_mean, quoted};

/// The types of output groups: type, the key of their settings, and the containers of their outputs.
static GROUPS: [(&str, &str, &[&str]); 5] = [
    ("CMAF_GROUP_SETTINGS", "CmafGroupSettings", &["CMFC"]),
    ("DASH_ISO_GROUP_SETTINGS", "DashIsoGroupSettings", &["MPD"]),
    (
        "FILE_GROUP_SETTINGS",
        "FileGroupSettings",
        &["AVI", "F4V", "GIF", "ISMV", "M2TS", "MOV", "MP4", "MXF", "OGG", "RAW", "WEBM", "Y4M"],
    ),
    ("HLS_GROUP_SETTINGS", "HlsGroupSettings", &["M3U8"]),
    ("MS_SMOOTH_GROUP_SETTINGS", "MsSmoothGroupSettings", &["ISMV"]),
];

/// The codecs of video, and the key of their settings.
static VIDEO: [(&str, &str); 14] = [
    ("AV1", "Av1Settings"),
    ("AVC_INTRA", "AvcIntraSettings"),
    ("FRAME_CAPTURE", "FrameCaptureSettings"),
    ("GIF", "GifSettings"),
    ("H_264", "H264Settings"),
    ("H_265", "H265Settings"),
    ("MPEG2", "Mpeg2Settings"),
    ("PRORES", "ProresSettings"),
    ("UNCOMPRESSED", "UncompressedSettings"),
    ("VC3", "Vc3Settings"),
    ("VP8", "Vp8Settings"),
    ("VP9", "Vp9Settings"),
    ("XAVC", "XavcSettings"),
    ("PASSTHROUGH", ""),
];

/// The codecs of sound, and the key of their settings.
static SOUND: [(&str, &str); 11] = [
    ("AAC", "AacSettings"),
    ("AC3", "Ac3Settings"),
    ("AC4", "Ac4Settings"),
    ("AIFF", "AiffSettings"),
    ("EAC3", "Eac3Settings"),
    ("EAC3_ATMOS", "Eac3AtmosSettings"),
    ("FLAC", "FlacSettings"),
    ("MP2", "Mp2Settings"),
    ("MP3", "Mp3Settings"),
    ("OPUS", "OpusSettings"),
    ("WAV", "WavSettings"),
];

/// Checks a job template.
pub(super) fn job_template(template: &Resource<'_>, findings: &mut Vec<Finding>) {
    let view = template.at("SettingsJson");
    let read = match view.document() {
        Ok(read) => read,
        Err(Unreadable::Unknown) => return,
        Err(Unreadable::Mistake(error)) => {
            findings.push(view.finding(&SETTINGS, format!("the settings are no JSON: {error}")));
            return;
        }
    };
    let root = read.view();
    let sources = sources(root);
    if root.get("OutputGroups").is_known() && root.get("OutputGroups").items().next().is_none() {
        findings
            .push(root.get("OutputGroups").finding(&SETTINGS, "there is no output group, so a job would make nothing"));
    }
    for group in root.get("OutputGroups").items() {
        let is_automated = !group.at("AutomatedEncodingSettings/AbrSettings").is_absent();
        let containers = group_settings(group, findings);
        names(group, findings);
        let mut videos = 0;
        for output in group.get("Outputs").items() {
            container(output, containers, findings);
            let video = output.get("VideoDescription");
            videos += usize::from(!video.is_absent());
            codec(video, is_automated, findings);
            size(video, is_automated, findings);
            for audio in output.get("AudioDescriptions").items() {
                sound(audio, sources.as_ref(), findings);
            }
        }
        if is_automated && videos != 1 && group.get("Outputs").is_closed() {
            let message = format!("with automated ABR a group has one output with video, but here are {videos}");
            findings.push(group.get("Outputs").finding(&ABR, message).hint("MediaConvert makes the renditions itself"));
        }
    }
}

/// Lists the audio selectors and groups of the inputs, if all are known.
fn sources(root: View<'_>) -> Option<BTreeSet<&str>> {
    let inputs = root.get("Inputs");
    if inputs.is_absent() || !inputs.is_closed() {
        return None;
    }
    let mut names = BTreeSet::new();
    for input in inputs.items() {
        for key in ["AudioSelectorGroups", "AudioSelectors"] {
            let selectors = input.get(key);
            if selectors.is_unknown() || !selectors.is_closed() {
                return None;
            }
            names.extend(selectors.entries().map(|(name, _)| name));
        }
        // Without any selector MediaConvert makes one.
        if input.get("AudioSelectors").is_absent() {
            return None;
        }
    }
    Some(names)
}

fn group_settings(group: View<'_>, findings: &mut Vec<Finding>) -> Option<&'static [&'static str]> {
    let settings = group.get("OutputGroupSettings");
    let kind = settings.get("Type");
    let text = kind.text()?;
    let (_, own, containers) = GROUPS.iter().find(|(name, ..)| *name == text)?;
    for (key, value) in settings.entries() {
        if key != *own && GROUPS.iter().any(|(_, other, _)| *other == key) {
            let message = format!("the group is of type {text}, but has `{key}`");
            findings.push(value.finding(&CONTAINER, message).hint(format!("write `{own}`, or another type")));
        }
    }
    Some(containers)
}

fn container(output: View<'_>, containers: Option<&[&str]>, findings: &mut Vec<Finding>) {
    let container = output.at("ContainerSettings/Container");
    if let (Some(text), Some(allowed)) = (container.text(), containers)
        && !allowed.contains(&text.as_ref())
    {
        let message =
            format!("the container is {}, but the group has {}", quoted(&text), any_of(allowed.iter().copied()));
        findings.push(container.finding(&CONTAINER, message));
    }
}

/// Checks that no two outputs of a group would write the same file.
fn names(group: View<'_>, findings: &mut Vec<Finding>) {
    let outputs = group.get("Outputs");
    let number = outputs.items().count();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for output in outputs.items() {
        let name = output.get("NameModifier");
        if name.is_absent() && number > 1 && output.is_closed() && output.get("Preset").is_absent() {
            let message = "an output of several has no `NameModifier`, so it would overwrite another one";
            findings.push(output.finding(&NAME, message).hint("give each a modifier of its own"));
        }
        let Some(text) = name.text() else { continue };
        let extension = output.get("Extension").text().or(output.at("ContainerSettings/Container").text());
        let extension = extension.unwrap_or_default().into_owned();
        if seen.get(text.as_ref()) == Some(&extension) {
            let message = format!("two outputs of the group have the name modifier {}", quoted(&text));
            findings.push(name.finding(&NAME, message).hint("give each a modifier of its own"));
        }
        seen.insert(text.into_owned(), extension);
    }
}

/// Finds the settings of the codec that is chosen, and reports those of another one.
fn chosen<'v>(
    view: View<'v>,
    codecs: &[(&'static str, &'static str)],
    findings: &mut Vec<Finding>,
) -> Option<(String, View<'v>)> {
    let codec = view.at("CodecSettings/Codec").text()?.into_owned();
    let (_, own) = codecs.iter().find(|(name, _)| *name == codec)?;
    for (key, value) in view.get("CodecSettings").entries() {
        if key != *own && codecs.iter().any(|(_, other)| *other == key) {
            let message = format!("the codec is {codec}, but here is `{key}`");
            findings.push(value.finding(&SETTINGS, message).hint(format!("write `{own}`, or another codec")));
        }
    }
    Some((codec, view.get("CodecSettings").get(own)))
}

fn codec(video: View<'_>, is_automated: bool, findings: &mut Vec<Finding>) {
    let Some((_, settings)) = chosen(video, &VIDEO, findings) else { return };
    if !settings.is_known() || !settings.is_closed() {
        return;
    }
    let (mode, bitrate, most) = (settings.get("RateControlMode"), settings.get("Bitrate"), settings.get("MaxBitrate"));
    if is_automated {
        for view in [bitrate, most].into_iter().filter(|view| !view.is_absent()) {
            let message = format!("with automated ABR an output has no `{}`", view.name());
            findings.push(view.finding(&ABR, message).hint("set `MaxAbrBitrate` and `MinAbrBitrate` of the group"));
        }
        if let Some(text) = mode.text().filter(|text| text != "QVBR") {
            let message = format!("with automated ABR the rate control is QVBR, not {}", quoted(&text));
            findings.push(mode.finding(&ABR, message));
        }
        return;
    }
    match mode.text().as_deref() {
        Some("QVBR") => {
            if most.is_absent() {
                findings.push(
                    settings.finding(&RATE, "QVBR needs `MaxBitrate`").hint("say how many bits a second at most"),
                );
            }
            if !bitrate.is_absent() {
                findings.push(bitrate.finding(&RATE, "QVBR has no `Bitrate`").hint("write `MaxBitrate`"));
            }
        }
        Some(text @ ("CBR" | "VBR")) if bitrate.is_absent() => {
            findings.push(settings.finding(&RATE, format!("{text} needs `Bitrate`")));
        }
        _ => {}
    }
    if let Some(text) = mode.text().filter(|text| text != "QVBR") {
        let quality = settings.get("QvbrSettings");
        if !quality.is_absent() {
            let message = format!("`QvbrSettings` stand beside the rate control {}", quoted(&text));
            findings.push(quality.finding(&RATE, message).hint("write `\"RateControlMode\": \"QVBR\"`"));
        }
    }
    if let (Some(average), Some(limit)) = (bitrate.integer(), most.integer())
        && average > limit
    {
        findings.push(bitrate.finding(&RATE, format!("`Bitrate` is {average}, but `MaxBitrate` is {limit}")));
    }
}

fn size(video: View<'_>, is_automated: bool, findings: &mut Vec<Finding>) {
    for key in ["Height", "Width"] {
        let view = video.get(key);
        if let Some(number) = view.integer().filter(|number| number % 2 != 0) {
            findings.push(view.finding(&SIZE, format!("`{key}` is {number}, but must be even")));
        }
        if is_automated && !view.is_absent() {
            let message = format!("with automated ABR an output has no `{key}`");
            findings.push(view.finding(&ABR, message).hint("MediaConvert chooses the sizes of the renditions"));
        }
    }
}

fn sound(audio: View<'_>, sources: Option<&BTreeSet<&str>>, findings: &mut Vec<Finding>) {
    let source = audio.get("AudioSourceName");
    if let (Some(text), Some(sources)) = (source.text(), sources)
        && !sources.contains(text.as_ref())
    {
        let mut finding = source.finding(&AUDIO, format!("no input has an audio selector {}", quoted(&text)));
        finding.hint = did_you_mean(&text, sources.iter().copied())
            .or_else(|| Some(format!("there are {}", all_of(sources.iter().copied()))));
        findings.push(finding);
    }
    let Some((codec, settings)) = chosen(audio, &SOUND, findings) else { return };
    let bitrate = settings.get("Bitrate");
    let is_plain = codec == "AAC" && !settings.get("RateControlMode").is("VBR");
    if let Some(number) = bitrate.integer().filter(|number| is_plain && !(6000..=1_024_000).contains(number)) {
        findings
            .push(bitrate.finding(&RATE, format!("`Bitrate` of AAC is {number}, but must be from 6000 to 1024000")));
    }
    let has_settings = settings.known().and_then(Tree::as_map).is_some();
    if codec == "AAC" && has_settings && settings.is_closed() && is_plain && bitrate.is_absent() {
        findings.push(settings.finding(&RATE, "AAC with CBR needs `Bitrate`"));
    }
}

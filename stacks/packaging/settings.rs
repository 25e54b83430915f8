//! What MediaConvert is told: the same for the templates and for each title of the workflow.

use job::{Container, Encoding, PixelFormat};
use resources::mediaconvert::settings::{
    AacCodingMode, AacRateControlMode, AacSettings, AudioCodecSettings, AudioDefaultSelection, AudioDescription,
    AudioLanguageCodeControl, AudioSelector, AudioSelectorType, AutomatedAbrSettings, AutomatedEncodingSettings,
    CaptionDescription, CaptionDestinationSettings, CaptionSelector, CaptionSourceSettings, CaptionSourceType,
    CmafGroupSettings, CmafSegmentControl, CmafWriteDASHManifest, CmafWriteHLSManifest, CmfcAudioTrackType,
    CmfcSettings, ContainerSettings, DashIsoGroupSettings, DashIsoSegmentControl, H264FramerateControl,
    H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode, H264SceneChangeDetect, H264Settings,
    H265CodecProfile, H265FramerateControl, H265QualityTuningLevel, H265QvbrSettings, H265RateControlMode,
    H265SceneChangeDetect, H265Settings, H265WriteMp4PackagingType, HlsAudioTrackType, HlsGroupSettings,
    HlsSegmentControl, HlsSettings, ImscDestinationSettings, InputRotate, InputTemplate, InputTimecodeSource,
    JobTemplateSettings, M3u8Settings, MpdSettings, Output, OutputGroup, OutputGroupSettings, OutputSettings,
    TimecodeConfig, TimecodeSource, TrackSourceSettings, VideoCodecSettings, VideoDescription, VideoSelector,
    WebvttDestinationSettings,
};
use template::{IntoValue, List};

use crate::environment::{Packaging, Renditions, StreamFormat};

/// The quality that a single rendition aims at, from 1 to 10: for large screens.
///
/// See "Guidelines for choosing your QVBR quality level" in the MediaConvert user guide.
const QUALITY: u32 = 9;
/// How many bits a second sound has.
const AUDIO_BITRATE: u32 = 128_000;
/// How many samples a second sound has.
const AUDIO_SAMPLES: u32 = 48_000;
/// How long a fragment of a segment is, in seconds.
const FRAGMENT_SECONDS: u32 = 2;
/// The group of the audio tracks, in manifests.
const AUDIO: &str = "audio";

/// What streams of a format are made of.
pub(crate) struct Streams<'a> {
    pub format: StreamFormat,
    pub settings: &'a Packaging,
    pub encoding: Encoding,
}

/// Whether a picture has sound with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sound {
    /// In tracks of their own, from which a player chooses.
    Tracks,
    /// The title is silent.
    None,
}

impl Streams<'_> {
    /// Describes a job whose input, and where its streams go, is yet to be said. It takes the first audio track.
    pub(crate) fn template(&self) -> JobTemplateSettings {
        let input = InputTemplate::new()
            .video_selector(video_selector())
            .timecode_source(InputTimecodeSource::Zerobased)
            .audio_selectors([(audio_selector_name(1), audio_selector(1))]);
        JobTemplateSettings::new()
            .timecode_config(timecodes())
            .inputs([input])
            .output_groups([self.group(None::<&str>, [self.video(Sound::Tracks), self.audio(1)])])
    }

    /// Describes the streams: where they go, and what they are.
    pub(crate) fn group(
        &self,
        destination: Option<impl IntoValue<String>>,
        outputs: impl IntoValue<List<Output>>,
    ) -> OutputGroup {
        let seconds = self.settings.segment_seconds;
        let settings = match self.format {
            StreamFormat::Cmaf => OutputGroupSettings::cmaf(
                CmafGroupSettings::new()
                    .destination(destination)
                    .segment_length(seconds)
                    .fragment_length(self.fragment_seconds())
                    .segment_control(CmafSegmentControl::SegmentedFiles)
                    .write_hls_manifest(CmafWriteHLSManifest::Enabled)
                    .write_dash_manifest(CmafWriteDASHManifest::Enabled),
            ),
            StreamFormat::Hls => OutputGroupSettings::hls(
                HlsGroupSettings::new()
                    .destination(destination)
                    .segment_length(seconds)
                    .min_segment_length(0)
                    .segment_control(HlsSegmentControl::SegmentedFiles),
            ),
            StreamFormat::Dash => OutputGroupSettings::dash_iso(
                DashIsoGroupSettings::new()
                    .destination(destination)
                    .segment_length(seconds)
                    .fragment_length(self.fragment_seconds())
                    .segment_control(DashIsoSegmentControl::SegmentedFiles),
            ),
        };
        OutputGroup::new()
            .name(self.format.as_str().to_uppercase())
            .output_group_settings(settings)
            .automated_encoding_settings(self.ladder())
            .outputs(outputs)
    }

    /// Fragments divide segments evenly, which those of odd lengths they would not.
    fn fragment_seconds(&self) -> u32 {
        let seconds = self.settings.segment_seconds;
        if seconds.is_multiple_of(FRAGMENT_SECONDS) { FRAGMENT_SECONDS } else { seconds }
    }

    fn ladder(&self) -> Option<AutomatedEncodingSettings> {
        let ladder = AutomatedAbrSettings::new()
            .max_abr_bitrate(self.settings.max_bitrate)
            .max_renditions(self.settings.max_renditions);
        (self.settings.renditions == Renditions::Automated)
            .then(|| AutomatedEncodingSettings::new().abr_settings(ladder))
    }

    /// The picture, with the sound that goes with it or none. Of automated renditions it is the one that the others are
    /// made like.
    pub(crate) fn video(&self, sound: Sound) -> Output {
        let codec = if self.encoding.codec.is_hevc() {
            VideoCodecSettings::h265(self.h265())
        } else {
            VideoCodecSettings::h264(self.h264())
        };
        let output =
            Output::new().name_modifier("_video").video_description(VideoDescription::new().codec_settings(codec));
        let audio = (sound == Sound::Tracks).then_some(AUDIO);
        match self.format {
            StreamFormat::Cmaf => {
                output.container_settings(ContainerSettings::cmfc(CmfcSettings::new().audio_rendition_sets(audio)))
            }
            StreamFormat::Dash => output.container_settings(ContainerSettings::mpd(MpdSettings::new())),
            StreamFormat::Hls => output
                .container_settings(ContainerSettings::m3u8(M3u8Settings::new()))
                .output_settings(OutputSettings::new().hls_settings(HlsSettings::new().audio_rendition_sets(audio))),
        }
    }

    /// Automated renditions set the rate themselves, and want no bound of their own; they must be encoded in several
    /// passes. See "Job setting restrictions for automated ABR" in the MediaConvert user guide.
    fn h264(&self) -> H264Settings {
        let settings = H264Settings::new()
            .framerate_control(H264FramerateControl::InitializeFromSource)
            .rate_control_mode(H264RateControlMode::Qvbr)
            .scene_change_detect(H264SceneChangeDetect::TransitionDetection);
        match self.settings.renditions {
            Renditions::Automated => settings.quality_tuning_level(H264QualityTuningLevel::MultiPassHq),
            Renditions::Single => settings
                .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
                .max_bitrate(self.settings.max_bitrate)
                .qvbr_settings(H264QvbrSettings::new().qvbr_quality_level(QUALITY)),
        }
    }

    /// The same in HEVC, which keeps ten bits where there are ten.
    fn h265(&self) -> H265Settings {
        let profile = match self.encoding.pixel_format {
            PixelFormat::Yuv420p => H265CodecProfile::MainMain,
            PixelFormat::Yuv420p10le => H265CodecProfile::Main10Main,
        };
        let settings = H265Settings::new()
            .codec_profile(profile)
            .framerate_control(H265FramerateControl::InitializeFromSource)
            .rate_control_mode(H265RateControlMode::Qvbr)
            .scene_change_detect(H265SceneChangeDetect::TransitionDetection)
            // The other tag, hev1, does not play on Apple's devices.
            .write_mp4_packaging_type(H265WriteMp4PackagingType::Hvc1);
        match self.settings.renditions {
            Renditions::Automated => settings.quality_tuning_level(H265QualityTuningLevel::MultiPassHq),
            Renditions::Single => settings
                .quality_tuning_level(H265QualityTuningLevel::SinglePassHq)
                .max_bitrate(self.settings.max_bitrate)
                .qvbr_settings(H265QvbrSettings::new().qvbr_quality_level(QUALITY)),
        }
    }

    /// An audio track, from 1. Players take the first one unless they are told otherwise.
    pub(crate) fn audio(&self, track: u32) -> Output {
        let codec = AacSettings::new()
            .rate_control_mode(AacRateControlMode::Cbr)
            .bitrate(AUDIO_BITRATE)
            .sample_rate(AUDIO_SAMPLES)
            .coding_mode(AacCodingMode::CodingMode2_0);
        let description = AudioDescription::new()
            .audio_source_name(audio_selector_name(track))
            .codec_settings(AudioCodecSettings::aac(codec))
            .language_code_control(AudioLanguageCodeControl::FollowInput);
        let output = Output::new().name_modifier(format!("_audio{track}")).audio_descriptions([description]);
        match self.format {
            StreamFormat::Cmaf => {
                let kind = match track {
                    1 => CmfcAudioTrackType::AlternateAudioAutoSelectDefault,
                    _ => CmfcAudioTrackType::AlternateAudioAutoSelect,
                };
                let settings = CmfcSettings::new().audio_group_id(AUDIO).audio_track_type(kind);
                output.container_settings(ContainerSettings::cmfc(settings))
            }
            StreamFormat::Dash => output.container_settings(ContainerSettings::mpd(MpdSettings::new())),
            StreamFormat::Hls => {
                let kind = match track {
                    1 => HlsAudioTrackType::AlternateAudioAutoSelectDefault,
                    _ => HlsAudioTrackType::AlternateAudioAutoSelect,
                };
                let settings = HlsSettings::new().audio_group_id(AUDIO).audio_track_type(kind);
                output
                    .container_settings(ContainerSettings::m3u8(M3u8Settings::new()))
                    .output_settings(OutputSettings::new().hls_settings(settings))
            }
        }
    }

    /// A subtitle track, from 1.
    pub(crate) fn captions(&self, track: u32) -> Output {
        let (written, container) = match self.format {
            StreamFormat::Cmaf => (
                CaptionDestinationSettings::webvtt(WebvttDestinationSettings::new()),
                ContainerSettings::cmfc(CmfcSettings::new()),
            ),
            StreamFormat::Hls => (
                CaptionDestinationSettings::webvtt(WebvttDestinationSettings::new()),
                ContainerSettings::m3u8(M3u8Settings::new()),
            ),
            StreamFormat::Dash => (
                CaptionDestinationSettings::imsc(ImscDestinationSettings::new()),
                ContainerSettings::mpd(MpdSettings::new()),
            ),
        };
        let description = CaptionDescription::new()
            .caption_selector_name(caption_selector_name(track))
            .destination_settings(written)
            .language_description(format!("Subtitles {track}"));
        Output::new()
            .name_modifier(format!("_subtitles{track}"))
            .container_settings(container)
            .caption_descriptions([description])
    }

    /// Whether MediaConvert can read the subtitles of enhanced videos: those that MP4 holds, but not those of Matroska.
    pub(crate) fn has_captions(&self) -> bool {
        self.encoding.container == Container::Mp4
    }
}

/// Times count from the beginning of the video, whatever timecodes it has.
pub(crate) fn timecodes() -> TimecodeConfig {
    TimecodeConfig::new().source(TimecodeSource::Zerobased)
}

/// Takes the picture, the right way up.
pub(crate) fn video_selector() -> VideoSelector {
    VideoSelector::new().rotate(InputRotate::Auto)
}

/// Takes an audio track, from 1.
pub(crate) fn audio_selector(track: u32) -> AudioSelector {
    let selection = match track {
        1 => AudioDefaultSelection::Default,
        _ => AudioDefaultSelection::NotDefault,
    };
    AudioSelector::new().selector_type(AudioSelectorType::Track).tracks([track]).default_selection(selection)
}

/// Takes a subtitle track of an MP4 file, from 1.
pub(crate) fn caption_selector(track: u32) -> CaptionSelector {
    CaptionSelector::new().source_settings(
        CaptionSourceSettings::new()
            .source_type(CaptionSourceType::Tt3gpp)
            .track_source_settings(TrackSourceSettings::new().track_number(track)),
    )
}

/// Names a selector as MediaConvert wants it.
pub(crate) fn audio_selector_name(track: u32) -> String {
    format!("Audio Selector {track}")
}

/// Names a selector as MediaConvert wants it.
pub(crate) fn caption_selector_name(track: u32) -> String {
    format!("Captions Selector {track}")
}

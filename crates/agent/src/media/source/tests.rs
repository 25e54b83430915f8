use super::*;
use crate::media::probe::tests::probe_of;
use job::{Encoding, Engine, PixelFormat, Preset, Scale};
use serde_json::{Value, json};

fn recipe(container: Container) -> Recipe {
    let encoding = Encoding {
        codec: Codec::Libx264,
        quality: 20,
        preset: Preset::Ultrafast,
        pixel_format: PixelFormat::Yuv420p,
        container,
    };
    Recipe { engine: Engine::Scale, scale: Scale::new(2).unwrap(), encoding }
}

fn video(change: &Value) -> Value {
    let mut video = json!({
        "index": 0, "codec_type": "video", "codec_name": "h264", "width": 720, "height": 576,
        "sample_aspect_ratio": "16:15", "time_base": "1/12800", "avg_frame_rate": "25/1",
    });
    for (name, value) in change.as_object().unwrap() {
        video[name] = value.clone();
    }
    video
}

fn refusal(streams: &Value, recipe: &Recipe) -> Failure {
    let failure = accept(&probe_of(streams), recipe).unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Input);
    failure
}

#[test]
fn a_plain_video_is_accepted() {
    let accepted = accept(&probe_of(&json!([video(&json!({}))])), &recipe(Container::Mp4)).unwrap();
    assert_eq!((accepted.expected.width, accepted.expected.height), (1440, 1152));
    assert_eq!(accepted.expected.sample_aspect_ratio, Some((16, 15)));
    assert_eq!(accepted.input.format, "mov");
}

#[test]
fn a_turned_picture_is_taken_as_it_is_shown() {
    for (degrees, turned) in [(90, true), (-90, true), (270, true), (180, false), (-180, false), (0, false)] {
        let stream = video(&json!({ "side_data_list": [{ "rotation": degrees }] }));
        let accepted = accept(&probe_of(&json!([stream])), &recipe(Container::Mp4)).unwrap();
        let expected = if turned { (1152, 1440, Some((15, 16))) } else { (1440, 1152, Some((16, 15))) };
        let Expected { width, height, sample_aspect_ratio, .. } = accepted.expected;
        assert_eq!((width, height, sample_aspect_ratio), expected, "{degrees}");
    }
    let tilted = json!([video(&json!({ "side_data_list": [{ "rotation": 45 }] }))]);
    assert_eq!(
        refusal(&tilted, &recipe(Container::Mp4)).message,
        "stream 0 (video h264) is rotated by 45 degrees; allowed: multiples of 90"
    );
}

#[test]
fn a_file_without_exactly_one_video_is_refused() {
    let audio = json!({ "index": 0, "codec_type": "audio", "codec_name": "aac" });
    let cover =
        json!({ "index": 1, "codec_type": "video", "codec_name": "mjpeg", "disposition": { "attached_pic": 1 } });
    assert_eq!(
        refusal(&json!([audio, cover]), &recipe(Container::Mp4)).message,
        "no video stream; the file has stream 0 (audio aac), stream 1 (video mjpeg)"
    );
    assert_eq!(refusal(&json!([]), &recipe(Container::Mp4)).message, "no video stream; the file has no streams at all");
    let second = video(&json!({ "index": 1, "codec_name": "mpeg2video" }));
    assert_eq!(
        refusal(&json!([video(&json!({})), second]), &recipe(Container::Mp4)).message,
        "more than one video stream: stream 0 (video h264) and stream 1 (video mpeg2video)"
    );
    let unknown = video(&json!({ "codec_name": null }));
    assert_eq!(
        refusal(&json!([unknown]), &recipe(Container::Mp4)).message,
        "stream 0 (video of an unknown codec) cannot be decoded"
    );
}

#[test]
fn absurd_sizes_are_refused() {
    for (width, height) in [(0, 0), (8, 720), (16_000, 16_000), (20_000, 100), (u32::MAX, u32::MAX)] {
        let stream = video(&json!({ "width": width, "height": height }));
        let failure = refusal(&json!([stream]), &recipe(Container::Mp4));
        assert!(failure.message.contains(&format!("is {width}x{height}")), "{}", failure.message);
    }
    let mut nvenc = recipe(Container::Mp4);
    nvenc.encoding = Encoding { codec: Codec::H264Nvenc, preset: Preset::P5, ..nvenc.encoding };
    let stream = video(&json!({ "width": 2560, "height": 1440 }));
    assert!(refusal(&json!([stream]), &nvenc).message.contains("would become 5120x2880"));
}

#[test]
fn a_high_dynamic_range_needs_ten_bits() {
    let stream = json!([video(&json!({ "color_transfer": "smpte2084" }))]);
    let failure = refusal(&stream, &recipe(Container::Mp4));
    assert_eq!(
        failure.message,
        "stream 0 (video h264) has a high dynamic range (smpte2084), which yuv420p cannot hold"
    );
    assert!(failure.hint.is_some());
    let mut wide = recipe(Container::Mp4);
    wide.encoding = Encoding { codec: Codec::Libx265, pixel_format: PixelFormat::Yuv420p10le, ..wide.encoding };
    let accepted = accept(&probe_of(&stream), &wide).unwrap();
    assert_eq!(accepted.expected.colours, [None, Some("smpte2084".to_owned()), None]);
}

#[test]
fn every_stream_is_kept_converted_refused_or_named() {
    let streams = json!([
        video(&json!({})),
        { "index": 1, "codec_type": "audio", "codec_name": "aac", "tags": { "language": "eng" } },
        { "index": 2, "codec_type": "audio", "codec_name": "ac3" },
        { "index": 3, "codec_type": "subtitle", "codec_name": "subrip", "tags": { "language": "fre" } },
        { "index": 4, "codec_type": "data", "codec_name": "bin_data" },
        { "index": 5, "codec_type": "attachment", "codec_name": "ttf" },
        { "index": 6, "codec_type": "video", "codec_name": "png", "disposition": { "attached_pic": 1 } },
    ]);
    let track =
        |codec: &str, language: Option<&str>| Track { codec: codec.to_owned(), language: language.map(str::to_owned) };

    let mp4 = accept(&probe_of(&streams), &recipe(Container::Mp4)).unwrap();
    assert_eq!(mp4.expected.audio, [track("aac", Some("eng")), track("ac3", None)]);
    assert_eq!(mp4.expected.subtitles, [track("mov_text", Some("fre"))]);
    assert_eq!((mp4.expected.attached_pictures, mp4.expected.attachments), (1, 0));
    assert_eq!(mp4.left_out, ["stream 4 (data bin_data)", "stream 5 (attachment ttf)"]);

    let mkv = accept(&probe_of(&streams), &recipe(Container::Mkv)).unwrap();
    assert_eq!(mkv.expected.subtitles, [track("subrip", Some("fre"))]);
    assert_eq!((mkv.expected.attached_pictures, mkv.expected.attachments), (0, 1));
    assert_eq!(mkv.left_out, ["stream 4 (data bin_data)", "stream 6 (video png)"]);
}

#[test]
fn a_stream_that_the_container_cannot_carry_is_not_dropped_silently() {
    let with =
        |kind: &str, codec: &str| json!([video(&json!({})), { "index": 1, "codec_type": kind, "codec_name": codec }]);
    for (kind, codec, container) in [
        ("audio", "pcm_s16le", Container::Mp4),
        ("subtitle", "hdmv_pgs_subtitle", Container::Mp4),
        ("subtitle", "dvb_teletext", Container::Mkv),
    ] {
        let failure = refusal(&with(kind, codec), &recipe(container));
        let name = container.as_str();
        assert_eq!(
            failure.message,
            format!("stream 1 ({kind} {codec}) cannot be written to {name}, and is not thrown away")
        );
    }
    assert!(accept(&probe_of(&with("audio", "pcm_s16le")), &recipe(Container::Mkv)).is_ok());
    let text = accept(&probe_of(&with("subtitle", "mov_text")), &recipe(Container::Mkv)).unwrap();
    assert_eq!(text.expected.subtitles[0].codec, "subrip");
}

#[test]
fn a_file_that_ends_before_its_declared_end_is_cut_off() {
    let decoded = |seconds| Decoded { frames: 1, seconds };
    let probe = probe_of(&json!([video(&json!({}))]));
    assert!(complete(&probe, decoded(9.1)).is_ok());
    let failure = complete(&probe, decoded(8.9)).unwrap_err();
    assert_eq!(failure.message, "the file declares 10.00 s, and ends after 8.90 s");
    assert_eq!(failure.kind, ErrorKind::Input);
}

//! Decides whether what an engine produced may be published.

use job::{Codec, ErrorKind, Failure};

use super::decode::Decoded;
use super::probe::{Probe, Stream};
use super::source::{Expected, Track, colours};

/// Checks a result that decoded to its end against what must come out: frames, size, shape, rotation, colours,
/// duration and every stream. The first difference is the failure.
pub(crate) fn verify(
    expected: &Expected,
    codec: Codec,
    source: Decoded,
    probe: &Probe,
    result: Decoded,
) -> Result<(), Failure> {
    let mut videos = probe.videos();
    let video = videos.next().ok_or_else(|| wrong("video streams", 0, 1))?;
    same("video streams", 1 + videos.count(), 1)?;
    same("video codec", video.codec().unwrap_or("none"), codec.format())?;
    same("frames", result.frames, source.frames)?;
    same("size", format!("{}x{}", video.width, video.height), format!("{}x{}", expected.width, expected.height))?;
    picture_kept(expected, video)?;
    durations_agree(expected, source, result)?;
    tracks_kept("audio", &expected.audio, probe)?;
    tracks_kept("subtitle", &expected.subtitles, probe)?;
    let pictures = probe.of_kind("video").filter(|stream| stream.is_attached_picture()).count();
    same("attached pictures", pictures, expected.attached_pictures)?;
    same("attachments", probe.of_kind("attachment").count(), expected.attachments)
}

fn picture_kept(expected: &Expected, video: &Stream) -> Result<(), Failure> {
    if video.rotation() > 0.0 {
        return Err(wrong("rotation", video.rotation(), 0));
    }
    if let Some((width, height)) = expected.sample_aspect_ratio {
        let (found_width, found_height) = video.sample_aspect_ratio().unwrap_or((1, 1));
        let [width, height, found_width, found_height] = [width, height, found_width, found_height].map(u64::from);
        if width * found_height != height * found_width {
            let found = format!("{found_width}:{found_height}");
            return Err(wrong("shape of a pixel", found, format!("{width}:{height}")));
        }
    }
    let names = ["colour space", "colour transfer", "colour primaries"];
    for ((name, expected), found) in names.into_iter().zip(&expected.colours).zip(colours(video)) {
        if expected.is_some() {
            same(name, found.as_deref().unwrap_or("none"), expected.as_deref().unwrap_or("none"))?;
        }
    }
    Ok(())
}

fn durations_agree(expected: &Expected, source: Decoded, result: Decoded) -> Result<(), Failure> {
    // A frame, or what rounding to milliseconds and to audio frames can make of it.
    let tolerance = expected.frame_seconds.max(0.05);
    if (source.seconds - result.seconds).abs() > tolerance {
        return Err(wrong("duration", format!("{:.3} s", result.seconds), format!("{:.3} s", source.seconds)));
    }
    Ok(())
}

fn tracks_kept(kind: &'static str, expected: &[Track], probe: &Probe) -> Result<(), Failure> {
    let found: Vec<Track> = probe
        .of_kind(kind)
        .map(|stream| Track {
            codec: stream.codec().unwrap_or("unknown").to_owned(),
            language: stream.language().map(str::to_owned),
        })
        .collect();
    if found == expected { Ok(()) } else { Err(wrong(&format!("{kind} streams"), words(&found), words(expected))) }
}

fn words(tracks: &[Track]) -> String {
    let word = |track: &Track| match &track.language {
        Some(language) => format!("{} ({language})", track.codec),
        None => track.codec.clone(),
    };
    if tracks.is_empty() { "none".to_owned() } else { tracks.iter().map(word).collect::<Vec<_>>().join(", ") }
}

fn same<T: PartialEq + std::fmt::Display>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected { Ok(()) } else { Err(wrong(what, found, expected)) }
}

fn wrong(what: &str, found: impl std::fmt::Display, expected: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorKind::Engine, format!("the result is wrong: {what}: {found} instead of {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::probe::tests::probe_of;
    use serde_json::{Value, json};

    const SOURCE: Decoded = Decoded { frames: 250, seconds: 10.0 };

    fn expected() -> Expected {
        Expected {
            width: 1440,
            height: 1152,
            sample_aspect_ratio: Some((16, 15)),
            frame_seconds: 0.04,
            colours: [None, Some("bt709".to_owned()), None],
            audio: vec![Track { codec: "aac".to_owned(), language: Some("eng".to_owned()) }],
            subtitles: Vec::new(),
            attached_pictures: 0,
            attachments: 0,
        }
    }

    fn streams() -> Value {
        json!([
            {
                "index": 0, "codec_type": "video", "codec_name": "h264", "width": 1440, "height": 1152,
                "sample_aspect_ratio": "64:60", "color_transfer": "bt709",
            },
            { "index": 1, "codec_type": "audio", "codec_name": "aac", "tags": { "language": "eng" } },
        ])
    }

    fn verdict(change: impl FnOnce(&mut Value, &mut Decoded)) -> Result<(), String> {
        let (mut streams, mut result) = (streams(), SOURCE);
        change(&mut streams, &mut result);
        verify(&expected(), Codec::Libx264, SOURCE, &probe_of(&streams), result).map_err(|failure| {
            assert_eq!(failure.kind, ErrorKind::Engine);
            failure.message.trim_start_matches("the result is wrong: ").to_owned()
        })
    }

    #[test]
    fn a_result_that_is_as_it_should_be_passes() {
        assert_eq!(verdict(|_, _| ()), Ok(()));
        assert_eq!(verdict(|_, result| result.seconds = 10.04), Ok(()));
    }

    #[test]
    fn every_difference_is_found() {
        let wrong = |change: fn(&mut Value, &mut Decoded)| verdict(change).unwrap_err();
        assert_eq!(wrong(|_, result| result.frames = 249), "frames: 249 instead of 250");
        assert_eq!(wrong(|_, result| result.seconds = 9.9), "duration: 9.900 s instead of 10.000 s");
        assert_eq!(wrong(|streams, _| streams[0]["width"] = json!(720)), "size: 720x1152 instead of 1440x1152");
        assert_eq!(wrong(|streams, _| streams[0]["codec_name"] = json!("hevc")), "video codec: hevc instead of h264");
        assert_eq!(
            wrong(|streams, _| streams[0]["side_data_list"] = json!([{ "rotation": 90 }])),
            "rotation: 90 instead of 0"
        );
        assert_eq!(
            wrong(|streams, _| streams[0]["sample_aspect_ratio"] = json!("1:1")),
            "shape of a pixel: 1:1 instead of 16:15"
        );
        assert_eq!(
            wrong(|streams, _| streams[0]["color_transfer"] = json!("smpte2084")),
            "colour transfer: smpte2084 instead of bt709"
        );
        assert_eq!(wrong(|streams, _| streams[1]["tags"] = json!({})), "audio streams: aac instead of aac (eng)");
        assert_eq!(
            wrong(|streams, _| drop(streams.as_array_mut().unwrap().pop())),
            "audio streams: none instead of aac (eng)"
        );
        assert_eq!(
            wrong(|streams, _| drop(streams.as_array_mut().unwrap().remove(0))),
            "video streams: 0 instead of 1"
        );
        assert_eq!(
            wrong(|streams, _| streams.as_array_mut().unwrap().push(json!({ "codec_type": "subtitle" }))),
            "subtitle streams: unknown instead of none"
        );
    }
}

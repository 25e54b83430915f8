//! Bad videos fail as `input`, with what is wrong and where; none is published, none hangs.

use std::path::Path;

use job::{Container, Recipe};

use crate::bench::{Bench, recipe};
use crate::samples;

/// Submits a file that must be refused, and asserts that the reason says so.
async fn refused(body: impl FnOnce(&Path) -> Vec<u8>, recipe: Recipe, reason: &str) {
    let bench = Bench::new();
    let body = body(bench.folder.path());
    let task = bench.submit("in/clip.mp4", body, recipe);
    let summary = bench.work().await;
    assert_eq!(summary.failed, 1, "{:#?}", bench.events.all());
    let failure = bench.assert_input_failure(&task);
    assert!(failure.message.contains(reason), "{failure}");
}

fn mp4() -> Recipe {
    recipe(Container::Mp4)
}

#[tokio::test]
async fn an_empty_file() {
    refused(|_| Vec::new(), mp4(), "the file is empty").await;
}

#[tokio::test]
async fn a_text() {
    refused(|_| b"hello, this is a text\n".to_vec(), mp4(), "not a video that FFmpeg can open").await;
}

#[tokio::test]
async fn noise() {
    let noise = |_: &Path| (0..100_000_u32).map(|place| place.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    refused(noise, mp4(), "").await;
}

#[tokio::test]
async fn sound_alone() {
    refused(samples::audio_only, mp4(), "no video stream; the file has stream 0 (audio aac)").await;
}

#[tokio::test]
async fn sound_with_cover_art() {
    let body = |folder: &Path| {
        samples::audio_only(folder);
        samples::make(folder, "-f lavfi -i testsrc2=s=64x48 -frames:v 1", "cover.jpg");
        let arguments = "-i audio.mp4 -i cover.jpg -map 0 -map 1 -c copy -disposition:v:0 attached_pic";
        samples::make(folder, arguments, "song.mp4")
    };
    refused(body, mp4(), "no video stream").await;
}

#[tokio::test]
async fn a_picture_in_disguise() {
    let body = |folder: &Path| samples::make(folder, "-f lavfi -i testsrc2=s=64x48 -frames:v 1", "picture.png");
    refused(body, mp4(), "the file's format is png_pipe").await;
}

#[tokio::test]
async fn a_playlist_in_disguise_is_not_followed() {
    let body = |folder: &Path| {
        samples::remuxed(folder, "", "secret.ts");
        let secret = folder.join("secret.ts");
        let line = secret.to_str().unwrap();
        format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:2,\n{line}\n#EXT-X-ENDLIST\n").into_bytes()
    };
    refused(body, mp4(), "the file's format is hls").await;
}

#[tokio::test]
async fn a_concat_script_in_disguise_is_not_followed() {
    let body = |folder: &Path| {
        samples::plain(folder);
        format!("ffconcat version 1.0\nfile '{}'\n", folder.join("plain.mp4").display()).into_bytes()
    };
    refused(body, mp4(), "the file's format is concat").await;
}

#[tokio::test]
async fn truncated_files_of_every_kind() {
    for (arguments, name) in [
        ("-movflags +faststart", "clip.mp4"),
        ("-movflags frag_keyframe+empty_moov", "clip.mp4"),
        ("", "clip.ts"),
        ("", "clip.mkv"),
        ("", "clip.avi"),
        ("", "clip.flv"),
        // The index is at the end, and lost.
        ("", "clip.mp4"),
    ] {
        let body = |folder: &Path| {
            // Frames of several packets: a transport stream that ends between two frames is only a shorter one.
            let pictures = "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -f lavfi -i sine=d=2";
            let codecs = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
            let mut body = samples::make(folder, &format!("{pictures} {codecs} {arguments}"), name);
            body.truncate(body.len() * 6 / 10);
            body
        };
        refused(body, mp4(), "").await;
    }
}

/// The offset, in an MP4 file with its index first, where the packet of this number ends and the next one begins.
fn packet_end(folder: &Path, number: usize) -> usize {
    let arguments = "-v error -show_entries packet=pos,size -of csv=p=0 plain.mp4";
    let packets = crate::bench::output_of("ffprobe", &arguments.split(' ').collect::<Vec<_>>(), folder);
    let mut ends: Vec<usize> = packets
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split(',').map(str::parse::<usize>);
            Some(numbers.next()?.ok()? + numbers.next()?.ok()?)
        })
        .collect();
    ends.sort_unstable();
    ends[number]
}

#[tokio::test]
async fn an_mp4_file_cut_off_between_two_packets() {
    let body = |folder: &Path| {
        let mut body = samples::plain(folder);
        body.truncate(packet_end(folder, 40));
        body
    };
    // FFmpeg itself exits with 0 here.
    refused(body, mp4(), "decoding the source: it is cut off after").await;
}

#[tokio::test]
async fn an_flv_file_cut_off_between_two_tags() {
    let body = |folder: &Path| {
        let mut body = samples::remuxed(folder, "", "clip.flv");
        // A header of 9 bytes, then tags: 11 bytes with the length of what follows, that, and 4 bytes before the next.
        let mut end = 13;
        while end < body.len() * 4 / 10 {
            let length = &body[end + 1..end + 4];
            end += 11 + usize::from(length[0]) * 65_536 + usize::from(length[1]) * 256 + usize::from(length[2]) + 4;
        }
        body.truncate(end);
        body
    };
    // There is not a word of complaint from FFmpeg here.
    refused(body, mp4(), "the file declares 2.0").await;
}

#[tokio::test]
async fn a_matroska_file_cut_off_near_its_end() {
    let body = |folder: &Path| {
        let mut body = samples::remuxed(folder, "", "clip.mkv");
        body.truncate(body.len() - 300);
        body
    };
    refused(body, mp4(), "it is cut off after").await;
}

#[tokio::test]
async fn flipped_bits() {
    for name in ["plain.mp4", "clip.ts"] {
        let body = |folder: &Path| {
            let mut body = if name == "clip.ts" { samples::remuxed(folder, "", name) } else { samples::plain(folder) };
            let (start, end) = (body.len() / 4, body.len() * 3 / 4);
            for place in (start..end).step_by(97) {
                body[place] ^= 0x55;
            }
            body
        };
        refused(body, mp4(), "decoding the source: ").await;
    }
}

#[tokio::test]
async fn a_high_dynamic_range_into_eight_bits() {
    refused(samples::high_dynamic_range, mp4(), "has a high dynamic range (smpte2084), which yuv420p cannot hold")
        .await;
}

#[tokio::test]
async fn sound_that_the_container_cannot_carry() {
    let body = |folder: &Path| {
        samples::plain(folder);
        samples::make(folder, "-i plain.mp4 -c:v copy -c:a pcm_s16le", "pcm.mov")
    };
    refused(body, mp4(), "stream 1 (audio pcm_s16le) cannot be written to mp4").await;
}

#[tokio::test]
async fn two_videos() {
    let body = |folder: &Path| {
        samples::plain(folder);
        samples::make(folder, "-i plain.mp4 -map 0:v -map 0:v -c copy", "two.mp4")
    };
    refused(body, mp4(), "more than one video stream").await;
}

#[tokio::test]
async fn a_giant_picture_in_a_small_file() {
    let body = |folder: &Path| {
        let arguments = "-f lavfi -i color=s=8000x8000:r=1:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p";
        samples::make(folder, arguments, "giant.mp4")
    };
    refused(body, mp4(), "is 8000x8000, which would become 16000x16000").await;
}

#[tokio::test]
async fn a_key_that_leaves_no_room_for_the_output_s() {
    let bench = Bench::new();
    let body = samples::silent(bench.folder.path(), "silent.mp4");
    let task = bench.submit(&"k".repeat(1020), body, mp4());
    bench.work().await;
    let failure = bench.assert_input_failure(&task);
    assert_eq!(failure.message, "the output's key would have 1043 bytes; S3 allows 1024");
}

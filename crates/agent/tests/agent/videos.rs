//! Good videos come out as they should.

use job::{Codec, Container, Encoding, PixelFormat, Recipe, Scale, TaskMessage};

use crate::bench::{Bench, ENHANCED, output_of, recipe};
use crate::samples;

/// Enhances a sample, and asserts that it went well.
async fn enhanced(body: impl FnOnce(&std::path::Path) -> Vec<u8>, recipe: Recipe) -> (Bench, TaskMessage) {
    let bench = Bench::new();
    let body = body(bench.folder.path());
    let task = bench.submit("in/clip.mov", body, recipe);
    let summary = bench.work().await;
    assert_eq!(summary.succeeded, 1, "{:#?}", bench.events.all());
    assert_eq!(bench.memory.queues.len(), 0);
    assert_eq!(bench.memory.tables.attempts(&task.job), 1);
    bench.assert_clean();
    (bench, task)
}

/// What `FFprobe` says of the result, one value a line.
fn probed(bench: &Bench, task: &TaskMessage, stream: &str, entries: &str) -> Vec<String> {
    let file = bench.result_file(task);
    let file = file.to_str().unwrap();
    let arguments = ["-v", "error", "-select_streams", stream, "-show_entries", entries, "-of", "csv=p=0", file];
    let lines = output_of("ffprobe", &arguments, bench.folder.path());
    lines.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

#[tokio::test]
async fn a_plain_video_is_enhanced_verified_and_reported() {
    let (bench, task) = enhanced(samples::plain, recipe(Container::Mp4)).await;

    let report = bench.report(&task);
    assert_eq!((report.frames, report.width, report.height), (20, 128, 96));
    assert_eq!((report.streams.video, report.streams.audio, report.streams.subtitle), (1, 1, 0));
    assert_eq!(report.engine, "scale");
    assert_eq!((report.bucket.as_str(), &report.key), (ENHANCED, &task.output.key));

    let object = bench.memory.objects.find(ENHANCED, &task.output.key).unwrap();
    assert_eq!(object.description.bytes, report.bytes);
    assert_eq!(object.description.content_type.as_deref(), Some("video/mp4"));
    let metadata = |name: &str| object.description.metadata[name].as_str();
    assert_eq!((metadata("job"), metadata("attempt")), (task.job.as_str(), "1"));
    let file = bench.result_file(&task);
    let sum = output_of("sha256sum", &[file.to_str().unwrap()], bench.folder.path());
    assert!(sum.starts_with(&report.sha256), "{sum}");
    assert_eq!(probed(&bench, &task, "v", "stream=codec_name,width,height"), ["h264,128,96"]);

    // The picture is the source's, only larger.
    let compare =
        "-v info -i result -i plain.mp4 -lavfi [0:v]scale=64:48[a];[a][1:v]psnr=stats_file=psnr.txt -f null -";
    output_of("ffmpeg", &compare.split(' ').collect::<Vec<_>>(), bench.folder.path());
    let psnr = std::fs::read_to_string(bench.folder.path().join("psnr.txt")).unwrap();
    let worst = psnr.lines().map(|line| line.split("psnr_y:").nth(1).unwrap().split(' ').next().unwrap());
    let worst = worst.map(|db| db.parse::<f64>().unwrap_or(f64::INFINITY)).fold(f64::INFINITY, f64::min);
    assert!(worst > 25.0, "{psnr}");
}

#[tokio::test]
async fn every_stream_comes_along_into_mp4() {
    let (bench, task) = enhanced(samples::rich, recipe(Container::Mp4)).await;
    let report = bench.report(&task);
    assert_eq!((report.streams.audio, report.streams.subtitle), (2, 1));
    assert_eq!(probed(&bench, &task, "a", "stream=codec_name:stream_tags=language"), ["aac,eng", "aac,kor"]);
    assert_eq!(probed(&bench, &task, "s", "stream=codec_name:stream_tags=language"), ["mov_text,fre"]);
    assert_eq!(probed(&bench, &task, "v", "chapter_tags=title"), ["One", "Two"]);
    assert_eq!(probed(&bench, &task, "v", "format_tags=title"), [r#""A $(title) with ""quotes""""#]);
}

#[tokio::test]
async fn every_stream_comes_along_into_matroska() {
    let (bench, task) = enhanced(samples::rich, recipe(Container::Mkv)).await;
    assert_eq!(task.output.key.rsplit('.').next(), Some("mkv"));
    assert_eq!(probed(&bench, &task, "a", "stream=codec_name:stream_tags=language"), ["aac,eng", "aac,kor"]);
    assert_eq!(probed(&bench, &task, "s", "stream=codec_name:stream_tags=language"), ["subrip,fre"]);
    assert_eq!(probed(&bench, &task, "v", "chapter_tags=title"), ["One", "Two"]);
}

#[tokio::test]
async fn irregular_frames_keep_their_times() {
    let (bench, task) = enhanced(samples::variable_rate, recipe(Container::Mp4)).await;
    let after = probed(&bench, &task, "v", "frame=pts_time");
    let arguments = "-v error -select_streams v -show_entries frame=pts_time -of csv=p=0 variable.mp4";
    let before = output_of("ffprobe", &arguments.split(' ').collect::<Vec<_>>(), bench.folder.path());
    let before: Vec<_> =
        before.lines().map(|line| line.trim_end_matches(',')).filter(|line| !line.is_empty()).collect();
    assert_eq!(after, before);
    let steps = before.windows(2).map(|pair| pair[1].parse::<f64>().unwrap() - pair[0].parse::<f64>().unwrap());
    let steps: Vec<_> = steps.map(|step| format!("{step:.1}")).collect();
    assert!(steps.contains(&"0.1".to_owned()) && steps.contains(&"0.3".to_owned()), "{steps:?}");
}

#[tokio::test]
async fn a_turned_picture_is_turned_for_good() {
    let (bench, task) = enhanced(samples::turned, recipe(Container::Mp4)).await;
    let report = bench.report(&task);
    assert_eq!((report.width, report.height), (96, 128));
    assert_eq!(probed(&bench, &task, "v", "stream_side_data=rotation"), [""; 0]);
}

#[tokio::test]
async fn the_shape_of_a_pixel_is_kept() {
    let (bench, task) = enhanced(samples::anamorphic, recipe(Container::Mp4)).await;
    assert_eq!(probed(&bench, &task, "v", "stream=width,height,sample_aspect_ratio"), ["128,96,16:15"]);
}

#[tokio::test]
async fn odd_sides_become_even() {
    let scale = Scale::new(3).unwrap();
    let (bench, task) = enhanced(samples::odd, Recipe { scale, ..recipe(Container::Mp4) }).await;
    assert_eq!(probed(&bench, &task, "v", "stream=width,height,sample_aspect_ratio"), ["184,142,1:1"]);
}

#[tokio::test]
async fn fields_are_joined_frame_by_frame() {
    let (bench, task) = enhanced(samples::interlaced, recipe(Container::Mp4)).await;
    assert_eq!(bench.report(&task).frames, 20);
    assert_eq!(probed(&bench, &task, "v", "stream=field_order"), ["progressive"]);
}

#[tokio::test]
async fn a_high_dynamic_range_stays_one() {
    let mut recipe = recipe(Container::Mp4);
    recipe.encoding = Encoding { codec: Codec::Libx265, pixel_format: PixelFormat::Yuv420p10le, ..recipe.encoding };
    let (bench, task) = enhanced(samples::high_dynamic_range, recipe).await;
    let entries = "stream=codec_name,codec_tag_string,pix_fmt,color_space,color_transfer,color_primaries";
    assert_eq!(probed(&bench, &task, "v", entries), ["hevc,hvc1,yuv420p10le,bt2020nc,smpte2084,bt2020"]);
}

#[tokio::test]
async fn other_containers_are_read_too() {
    for (arguments, name) in
        [("", "clip.ts"), ("-movflags frag_keyframe+empty_moov", "clip.mp4"), ("", "clip.avi"), ("", "clip.flv")]
    {
        let (bench, task) = enhanced(|folder| samples::remuxed(folder, arguments, name), recipe(Container::Mp4)).await;
        assert_eq!(bench.report(&task).frames, 20, "{name}");
    }
}

#[tokio::test]
async fn a_hostile_key_is_only_a_name() {
    for key in [
        "a b/c d.mp4",
        "quote ' and \" and `touch pwned`.mp4",
        "$(touch pwned).mp4",
        "-rf.mp4",
        "line\nbreak\r\n.mp4",
        "../../../../../../tmp/pwned.mp4",
        "영화/제목 é.mp4",
        "|touch pwned;&& touch pwned #.mp4",
        "file:///etc/passwd",
        "%2e%2e%2f%00.mp4",
    ] {
        let bench = Bench::new();
        let body = samples::silent(bench.folder.path(), "silent.mp4");
        let task = bench.submit(key, body, recipe(Container::Mp4));
        bench.work().await;
        assert_eq!(bench.report(&task).frames, 20, "{key:?}");
        assert_eq!(bench.memory.objects.keys(ENHANCED), [task.output.key.as_str()], "{key:?}");
        bench.assert_clean();
        let mut names: Vec<_> = std::fs::read_dir(bench.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["silent.mp4", "work"], "{key:?}");
        assert!(!std::path::Path::new("pwned").exists() && !std::path::Path::new("/tmp/pwned.mp4").exists());
    }
}

#[tokio::test]
async fn the_codecs_of_the_field_are_read() {
    for (codecs, name, container) in [
        ("-c:v libvpx-vp9 -deadline realtime -c:a libopus", "clip.webm", Container::Mp4),
        ("-c:v mpeg4 -bf 2 -c:a libmp3lame", "clip.avi", Container::Mp4),
        ("-c:v mpeg2video -bf 2 -c:a ac3 -s 128x96 -r 25", "clip.mpg", Container::Mp4),
        ("-c:v prores_ks -c:a pcm_s24le", "clip.mov", Container::Mkv),
        ("-c:v wmv2 -c:a wmav2", "clip.wmv", Container::Mkv),
        ("-c:v libtheora -c:a libvorbis", "clip.ogv", Container::Mkv),
        ("-c:v mjpeg -pix_fmt yuvj420p -c:a aac", "clip.mov", Container::Mp4),
        ("-c:v ffv1 -c:a flac", "clip.mkv", Container::Mkv),
        ("-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a eac3", "clip.ts", Container::Mp4),
        ("-c:v libx264 -bf 3 -c:a alac", "clip.m4v.mov", Container::Mp4),
    ] {
        let body = |folder: &std::path::Path| {
            let inputs = "-f lavfi -i testsrc2=s=64x48:r=10:d=2 -f lavfi -i sine=d=2:r=48000";
            samples::make(folder, &format!("{inputs} {codecs}"), name)
        };
        let (bench, task) = enhanced(body, recipe(container)).await;
        let report = bench.report(&task);
        let expected = if name == "clip.mpg" { 50 } else { 20 };
        assert_eq!((report.frames, report.streams.audio), (expected, 1), "{codecs} {name}");
    }
}

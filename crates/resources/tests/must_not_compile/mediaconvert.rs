//! MediaConvert's settings are no JSON of any shape: what is required is there, and each value is of its own kind.

use resources::mediaconvert::settings as s;
use resources::{kind, mediaconvert};
use template::{Arn, Assume, IntoValue, Json, Value};

fn main() {
    let json: Value<Json> = "{}".into_value();
    let role: Value<Arn<kind::iam::Role>> = "arn:aws:iam::111122223333:role/mediaconvert".assume();

    let _ = mediaconvert::JobTemplate::new(); //~ E0061
    let _ = mediaconvert::JobTemplate::new(json); //~ E0277
    let _ = mediaconvert::JobTemplate::new("{}"); //~ E0277
    let _ = mediaconvert::JobTemplate::new(s::PresetSettings::new()); //~ E0277
    let _ = mediaconvert::Preset::new(s::JobTemplateSettings::new()); //~ E0277

    let _ = s::CreateJobRequest::new(role); //~ E0061
    let _ = s::CreateJobRequest::new("role", s::JobSettings::new()); //~ E0277
    let _ = s::HopDestination::new(); //~ E0061

    let _ = s::H264Settings::new().rate_control_mode("QVBR"); //~ E0277
    let _ = s::H264Settings::new().rate_control_mode(s::H265RateControlMode::Qvbr); //~ E0277
    let _ = s::H264Settings::new().rate_control_mode(s::H264RateControlMode::Quality); //~ E0599
    let _ = s::H264Settings::new().max_bitrate("5000000"); //~ E0277
    let _ = s::InputTemplate::new().file_input("s3://sources/clip.mp4"); //~ E0599

    let _ = s::VideoCodecSettings::new(); //~ E0599
    let _ = s::VideoCodecSettings::h264(); //~ E0061
    let _ = s::VideoCodecSettings::h264(s::H265Settings::new()); //~ E0277
    let _ = s::VideoCodecSettings::h264(s::H264Settings::new()).h265_settings(s::H265Settings::new()); //~ E0599
    let _ = s::OutputGroupSettings::hls(s::CmafGroupSettings::new()); //~ E0277
}

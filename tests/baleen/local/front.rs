//! Stands in front of the emulator as AWS stands around an instance: says what becomes of it, and hears what its Auto
//! Scaling group is told, which the emulator does not know. Everything else goes to the emulator.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The instance's id.
pub const INSTANCE: &str = "i-0123456789abcdef0";

pub struct Front {
    pub endpoint_url: String,
    shared: Arc<Shared>,
}

struct Shared {
    emulator: String,
    metadata: Mutex<BTreeMap<String, String>>,
    told: Mutex<Vec<String>>,
}

impl Front {
    /// Starts to listen, in front of the emulator at this URL.
    pub fn of(emulator_url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint_url = format!("http://{}", listener.local_addr().expect("an address"));
        let emulator = emulator_url.strip_prefix("http://").expect("a plain URL").to_owned();
        let metadata = BTreeMap::from([("instance-id".to_owned(), INSTANCE.to_owned())]);
        let shared = Arc::new(Shared { emulator, metadata: Mutex::new(metadata), told: Mutex::default() });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                // Whoever breaks off is not to be answered.
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { endpoint_url, shared }
    }

    /// Has the instance say something of itself.
    pub fn say(&self, path: &str, text: &str) {
        self.shared.metadata.lock().expect("no panic").insert(path.to_owned(), text.to_owned());
    }

    /// What the group was told, as forms.
    pub fn told(&self) -> Vec<String> {
        self.shared.told.lock().expect("no panic").clone()
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
            let line = head[start..].trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.starts_with("connection:") {
                head.truncate(start);
            }
            if line.is_empty() {
                // One request a connection: then each end is the end of an answer.
                head.insert_str(start, "connection: close\r\n");
                break;
            }
        }
        if let Some(path) = head.split(' ').nth(1).and_then(|path| path.strip_prefix("/latest/")) {
            return answer(stream, self.latest(path).as_deref());
        }
        if head.contains("/autoscaling/aws4_request") {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            self.told.lock().expect("no panic").push(String::from_utf8_lossy(&body).into_owned());
            return answer(stream, Some(""));
        }
        let mut emulator = TcpStream::connect(&self.emulator)?;
        emulator.write_all(head.as_bytes())?;
        let (mut answers, mut client) = (emulator.try_clone()?, stream);
        let back = thread::spawn(move || {
            let copied = std::io::copy(&mut answers, &mut client);
            client.shutdown(Shutdown::Both).and(copied.map(drop))
        });
        std::io::copy(&mut reader, &mut emulator)?;
        back.join().expect("no panic")
    }

    fn latest(&self, path: &str) -> Option<String> {
        if path == "api/token" {
            return Some("token".to_owned());
        }
        let metadata = self.metadata.lock().expect("no panic");
        metadata.get(path.strip_prefix("meta-data/")?).cloned()
    }
}

fn answer(mut stream: TcpStream, body: Option<&str>) -> std::io::Result<()> {
    let (status, body) = body.map_or(("404 Not Found", "Not Found"), |body| ("200 OK", body));
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// Asks CloudWatch for the sum of a metric of the blue fleet, as it is written.
pub fn metric_sum(emulator_url: &str, name: &str) -> String {
    let dimensions = [("App", "baleen"), ("Environment", "local"), ("Colour", "blue")];
    let dimensions: Vec<_> = (1..)
        .zip(dimensions)
        .map(|(number, (name, value))| {
            format!("&Dimensions.member.{number}.Name={name}&Dimensions.member.{number}.Value={value}")
        })
        .collect();
    let dimensions = dimensions.concat();
    let body = format!(
        "Action=GetMetricStatistics&Version=2010-08-01&Namespace=Baleen&MetricName={name}&Period=86400\
         &Statistics.member.1=Sum&StartTime=2020-01-01T00:00:00Z&EndTime=2100-01-01T00:00:00Z{dimensions}"
    );
    let answer = ask_cloud_watch(emulator_url, &body);
    let sums = answer.split("<Sum>").skip(1).map(|rest| rest.split('<').next().expect("a number"));
    let sum: f64 = sums.map(|sum| sum.parse::<f64>().expect("a number")).sum();
    // The sum of nothing is minus nothing.
    (sum + 0.0).to_string()
}

/// Has an alarm of the emulator say something.
pub fn set_alarm(emulator_url: &str, name: &str, state: &str) {
    let body = format!(
        "Action=SetAlarmState&Version=2010-08-01&AlarmName={name}&StateValue={state}&StateReason=the+test+says+so"
    );
    let answer = ask_cloud_watch(emulator_url, &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Calls CloudWatch in the emulator by a form, and returns what it answers.
fn ask_cloud_watch(emulator_url: &str, body: &str) -> String {
    let address = emulator_url.strip_prefix("http://").expect("a plain URL");
    let mut stream = TcpStream::connect(address).expect("connected");
    let scope = "Credential=local/20260101/ap-northeast-2/monitoring/aws4_request";
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nauthorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

//! Holds the fleets to what they promise: each kind's parts, how instances start, and how many there are.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stacks::Environment;
use stacks::environment::{Egress, Executor, FleetKind, Network};

use crate::support::{environment, environments, of_type, resource, resources, synth};

/// Environments that have instances.
fn with_instances() -> impl Iterator<Item = Environment> {
    environments().into_iter().filter(|environment| environment.fleet.instances.is_some())
}

/// The data of the blue launch template.
fn launch_template(environment: &Environment) -> Value {
    resource(environment, "fleet-blue", "LaunchTemplate")["Properties"]["LaunchTemplateData"].clone()
}

/// What an instance runs when it starts, with references left in it as `${…}`.
fn user_data(environment: &Environment) -> String {
    let user_data = launch_template(environment)["UserData"]["Fn::Base64"]["Fn::Sub"].clone();
    // What is left of references by way of a list of variables is in the list's first element.
    let text = user_data.get(0).unwrap_or(&user_data);
    text.as_str().unwrap().replace("${!", "${")
}

#[test]
fn both_colours_are_alike() {
    for environment in environments() {
        let parts = |stack: &str| {
            let all = resources(&environment).into_iter().filter(|(name, ..)| name == stack);
            all.map(|(_, id, resource)| (id, resource["Type"].clone())).collect::<Vec<_>>()
        };
        assert_eq!(parts("fleet-blue"), parts("fleet-green"), "{}", environment.name);
    }
}

#[test]
fn a_deployment_starts_no_instance_of_a_colour_that_idles() {
    for environment in with_instances() {
        let assembly = synth(&environment);
        let first = |stack: &str| {
            let template = assembly.stack(stack).unwrap().template.to_json();
            template["Parameters"][stacks::fleet::MINIMUM_INSTANCES]["Default"].clone()
        };
        assert_eq!(first("fleet-green"), "0", "{}", environment.name);
        let is_single = environment.fleet.kind == FleetKind::Instance;
        assert_eq!(first("fleet-blue"), if is_single { "1" } else { "0" }, "{}", environment.name);
    }
    // A group's or a fleet's own number stays as it is.
    let group = resource(&environment("prod"), "fleet-blue", "Instances");
    assert_eq!(group["Properties"]["MinSize"], json!({ "Ref": "MinimumInstances" }));
    assert_eq!(group["Properties"].get("DesiredCapacity"), None);
    let instance = resource(&environment("instance"), "fleet-green", "Instance");
    assert_eq!(instance["Condition"], "Works");
}

#[test]
fn instances_start_safely() {
    for environment in with_instances() {
        let name = &environment.name;
        let data = launch_template(&environment);
        let metadata = json!({ "HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1 });
        assert_eq!(data["MetadataOptions"], metadata, "{name}");
        assert_eq!(data["Monitoring"]["Enabled"], true, "{name}");
        assert_eq!(data.get("KeyName"), None, "{name}");
        for disk in data["BlockDeviceMappings"].as_array().unwrap() {
            assert_eq!(disk["Ebs"]["Encrypted"], true, "{name}");
            assert_eq!(disk["Ebs"].get("KmsKeyId").is_some(), environment.keys.is_some(), "{name}");
        }
        let kinds = data["TagSpecifications"].as_array().unwrap();
        for kind in kinds {
            let tags = kind["Tags"].as_array().unwrap();
            let tag = |key: &str| tags.iter().find(|tag| tag["Key"] == key).map(|tag| tag["Value"].clone()).unwrap();
            assert_eq!([tag("app"), tag("environment"), tag("colour")], ["baleen", name, "blue"], "{name}");
        }
        assert_eq!(kinds.len(), 2, "{name}: instances and volumes");
    }
}

#[test]
fn instances_have_public_addresses_only_where_the_network_says_so() {
    for environment in with_instances() {
        let name = &environment.name;
        let public = match environment.network.as_ref().unwrap() {
            Network::Create(network) => Some(network.egress == Egress::Public),
            Network::Existing(_) => None,
        };
        let interface = match environment.fleet.kind {
            FleetKind::AutoScaling => launch_template(&environment)["NetworkInterfaces"][0].clone(),
            FleetKind::Instance => {
                resource(&environment, "fleet-blue", "Instance")["Properties"]["NetworkInterfaces"][0].clone()
            }
            FleetKind::SpotFleet => {
                let subnets = of_type(&environment, "AWS::EC2::Subnet");
                let gives = subnets.iter().any(|(_, subnet)| subnet["Properties"]["MapPublicIpOnLaunch"] == true);
                json!({ "AssociatePublicIpAddress": gives })
            }
        };
        assert_eq!(interface.get("AssociatePublicIpAddress").and_then(Value::as_bool), public, "{name}");
    }
}

#[test]
fn instances_are_in_their_security_groups_once() {
    for environment in with_instances() {
        let data = launch_template(&environment);
        let of_interface = data["NetworkInterfaces"][0].get("Groups").is_some();
        let of_template = data.get("SecurityGroupIds").is_some();
        let of_instance = environment.fleet.kind == FleetKind::Instance;
        // EC2 takes them in one of these places only.
        let places = [of_interface, of_template, of_instance].into_iter().filter(|there| *there).count();
        assert_eq!(places, 1, "{}", environment.name);
    }
    let single = resource(&environment("instance"), "fleet-blue", "Instance");
    assert!(single["Properties"]["NetworkInterfaces"][0]["GroupSet"].is_array());
    assert_eq!(single["Properties"].get("SubnetId"), None);
}

#[test]
fn a_group_mixes_types_zones_and_prices_and_says_goodbye() {
    for name in ["dev", "prod", "run-command", "existing-network", "exports"] {
        let environment = environment(name);
        let group = resource(&environment, "fleet-blue", "Instances");
        assert_eq!(group["Type"], "AWS::AutoScaling::AutoScalingGroup");
        let properties = &group["Properties"];
        assert!(properties["VPCZoneIdentifier"].as_array().unwrap().len() >= 2, "{name}");
        let mix = &properties["MixedInstancesPolicy"];
        assert!(mix["LaunchTemplate"]["Overrides"].as_array().unwrap().len() >= 2, "{name}");
        let distribution = &mix["InstancesDistribution"];
        assert_eq!(distribution["SpotAllocationStrategy"], "price-capacity-optimized", "{name}");
        assert!(distribution["OnDemandBaseCapacity"].is_u64(), "{name}");
        assert!(distribution["OnDemandPercentageAboveBaseCapacity"].is_u64(), "{name}");
        assert_eq!(properties["CapacityRebalance"], true, "{name}");
        assert!(group["UpdatePolicy"]["AutoScalingRollingUpdate"].is_object(), "{name}");

        let hook = resource(&environment, "fleet-blue", "Farewell");
        assert_eq!(hook["Properties"]["LifecycleTransition"], "autoscaling:EC2_INSTANCE_TERMINATING", "{name}");
        assert_eq!(hook["Properties"]["LifecycleHookName"], job::group::FAREWELL_HOOK, "{name}");
        let grant = resource(&environment, "fleet-blue", "WorkerKeepsInstance");
        let statement = &grant["Properties"]["PolicyDocument"]["Statement"][0];
        assert!(statement["Action"].as_array().unwrap().contains(&json!("autoscaling:SetInstanceProtection")));
        assert_eq!(statement["Resource"], json!([{ "Fn::GetAtt": ["Instances", "AutoScalingGroupARN"] }]));
    }
}

#[test]
fn a_spot_fleet_takes_from_every_type_in_every_zone() {
    let environment = environment("spot-fleet");
    let fleet = resource(&environment, "fleet-blue", "Instances");
    let request = &fleet["Properties"]["SpotFleetRequestConfigData"];
    assert_eq!(request["AllocationStrategy"], "priceCapacityOptimized");
    assert_eq!(request["TargetCapacity"], json!({ "Ref": "MinimumInstances" }));
    // More on demand than the target capacity, which may be none, is refused.
    assert_eq!(request.get("OnDemandTargetCapacity"), None);
    let pools = request["LaunchTemplateConfigs"][0]["Overrides"].as_array().unwrap();
    assert_eq!(pools.len(), 2 * 3);
    let target = resource(&environment, "fleet-blue", "Capacity");
    assert_eq!(target["Properties"]["ResourceId"], json!({ "Fn::Sub": "spot-fleet-request/${Instances}" }));
    assert_eq!(target["Properties"]["MaxCapacity"], 8);
}

#[test]
fn steps_of_scaling_leave_no_gap_and_are_not_too_many() {
    for environment in with_instances() {
        let policies = resources(&environment).into_iter().filter_map(|(_, id, resource)| {
            let properties = &resource["Properties"];
            let steps = properties.get("StepAdjustments");
            let steps = steps.or_else(|| properties["StepScalingPolicyConfiguration"].get("StepAdjustments"))?;
            Some((id, steps.as_array().unwrap().clone()))
        });
        let mut count = 0;
        for (id, steps) in policies {
            let (lower, upper) = ("MetricIntervalLowerBound", "MetricIntervalUpperBound");
            assert!((1..=20).contains(&steps.len()), "{id}");
            for pair in steps.windows(2) {
                assert_eq!(pair[0][upper], pair[1][lower], "{id}");
                assert!(pair[0][upper].is_u64(), "{id}");
            }
            assert!(steps.first().unwrap().get(lower).is_none_or(|bound| bound == 0), "{id}");
            count += 1;
        }
        assert_eq!(count, if environment.fleet.kind == FleetKind::Instance { 0 } else { 4 }, "{}", environment.name);
    }
}

#[test]
fn fleets_scale_by_the_backlog_of_their_own_colour() {
    for (name, id) in [
        ("prod", "InstancesMissing"),
        ("prod", "InstancesIdle"),
        ("spot-fleet", "InstancesMissing"),
        ("spot-fleet", "NoWork"),
    ] {
        for colour in ["blue", "green"] {
            let alarm = resource(&environment(name), &format!("fleet-{colour}"), id);
            let properties = &alarm["Properties"];
            let metric = properties.get("Metrics").map_or(properties, |metrics| &metrics[0]["MetricStat"]["Metric"]);
            assert_eq!(metric["Namespace"], job::metrics::NAMESPACE);
            assert_eq!(metric["MetricName"], job::metrics::BACKLOG);
            let dimensions = [("App", "baleen"), ("Environment", name), ("Colour", colour)]
                .map(|(name, value)| json!({ "Name": name, "Value": value }));
            assert_eq!(metric["Dimensions"], json!(dimensions));
        }
    }
}

#[test]
fn an_instance_that_works_does_not_go() {
    let surplus = |name: &str| {
        let alarm = resource(&environment(name), "fleet-blue", "InstancesIdle");
        let metrics = alarm["Properties"]["Metrics"].as_array().unwrap();
        metrics.iter().find(|metric| metric["Id"] == "surplus").unwrap()["Expression"]["Fn::Sub"].clone()
    };
    // In a group, whoever works is protected: by its agent, or by the workflow that has given it a title.
    for name in ["prod", "run-command"] {
        let expression = surplus(name);
        assert!(
            expression.as_str().unwrap().starts_with("FILL(instances, REPEAT) - IF(CEIL(backlog / 4) > "),
            "{name}"
        );
    }
    // A Spot Fleet shrinks by one policy only, which follows when nothing is left to do.
    for (id, is_smaller) in [("MoreInstances", false), ("LeastInstances", true)] {
        let policy = resource(&environment("spot-fleet"), "fleet-blue", id);
        let steps = &policy["Properties"]["StepScalingPolicyConfiguration"];
        assert_eq!(steps["AdjustmentType"], "ChangeInCapacity", "{id}");
        for step in steps["StepAdjustments"].as_array().unwrap() {
            assert_eq!(step["ScalingAdjustment"].as_i64().unwrap() < 0, is_smaller, "{id}");
        }
    }
    let idle = resource(&environment("spot-fleet"), "fleet-blue", "NoWork");
    assert_eq!(idle["Properties"]["AlarmActions"], json!([{ "Fn::GetAtt": ["LeastInstances", "Arn"] }]));
}

/// An agent that works on a title holds its message for hours, which SQS counts as its age.
#[test]
fn a_long_title_is_no_reason_to_ring() {
    for environment in environments() {
        let alarm = resource(&environment, "fleet-blue", "TasksWaitLong");
        let properties = &alarm["Properties"];
        assert_eq!(properties["MetricName"], "ApproximateNumberOfMessagesVisible", "{}", environment.name);
        assert_eq!(properties["Statistic"], "Minimum", "{}", environment.name);
        let seconds = properties["Period"].as_u64().unwrap() * properties["EvaluationPeriods"].as_u64().unwrap();
        assert_eq!(seconds, u64::from(environment.fleet.waiting_alarm_seconds), "{}", environment.name);
        assert!(seconds <= 24 * 3600, "CloudWatch looks back no further");
    }
}

/// Lambda tries out whether it may read a queue when it makes the mapping.
#[test]
fn dead_letters_are_taken_once_they_can_be_read() {
    let mapping = resource(&environment("prod"), "fleet-blue", "DeadLetterMapping");
    assert_eq!(mapping["DependsOn"], json!(["DeadLettersAreTaken", "DeadLettersUseKeys"]));
    let mapping = resource(&environment("dev"), "fleet-blue", "DeadLetterMapping");
    assert_eq!(mapping["DependsOn"], "DeadLettersAreTaken");
}

/// Starts an instance on which an agent cannot be fetched, or another one is than should be, or it is; prints what is run.
const START: &str = r#"
import sys
instance = {"__name__": "instance"}
exec(sys.stdin.read(), instance)
def fetch(url, headers, method="GET"):
    if sys.argv[1] == "refused" or "169.254" in url:
        raise OSError(f"cannot fetch {url}")
    return b"another program" if sys.argv[1] == "altered" else b""
instance["fetch"] = fetch
# The SHA-256 of nothing, which is what is fetched.
instance["AGENT_SHA256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
instance["signed"] = lambda host, path: {}
instance["write"] = lambda path, text, mode=0: None
instance["run"] = lambda *command: print(*command)
instance["start_monitoring"].__code__ = (lambda: None).__code__
instance["time"].sleep = lambda seconds: None
instance["os"].replace = lambda old, new: None
instance["pathlib"].Path.write_bytes = lambda path, data: None
instance["pathlib"].Path.chmod = lambda path, mode: None
instance["main"]()
"#;

/// The commands that an instance runs when it starts.
fn start(environment: &Environment, agent: &str) -> Vec<String> {
    let mut python = Command::new("python3")
        .args(["-c", START, agent])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), user_data(environment).as_bytes()).unwrap();
    let ended = python.wait_with_output().unwrap();
    assert!(ended.status.success());
    String::from_utf8(ended.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn an_instance_without_an_agent_is_not_paid_for() {
    let prod = environment("prod");
    let last = |environment, agent| start(environment, agent).pop().unwrap();
    assert_eq!(last(&prod, "refused"), "shutdown -h now");
    assert!(
        start(&prod, "refused").iter().any(|line| line.starts_with("giving this instance up: OSError: cannot fetch "))
    );
    let altered = start(&prod, "altered");
    assert_eq!(altered.last().unwrap(), "shutdown -h now");
    assert!(altered.iter().any(|line| line.contains(" has checksum ")), "{altered:?}");
    assert_eq!(last(&prod, "fetched"), "systemctl enable --now baleen-agent.service");
    // Commands need no agent.
    assert_eq!(last(&environment("run-command"), "refused"), "systemctl mask baleen-agent.service");
    assert_eq!(launch_template(&prod)["InstanceInitiatedShutdownBehavior"], "terminate");
}

/// Another agent is another launch template, by which a colour is told from the other; and it says what was uploaded.
#[test]
fn an_instance_runs_the_agent_that_the_stack_is_told() {
    for environment in with_instances() {
        let script = user_data(&environment);
        let template = synth(&environment).stack("fleet-blue").unwrap().template.to_json();
        let parameter = &template["Parameters"][stacks::fleet::AGENT_SHA256];
        if environment.jobs.executor == Executor::RunCommand {
            assert_eq!(*parameter, Value::Null, "commands need no agent");
            continue;
        }
        assert_eq!(parameter.get("Default"), None, "{}", environment.name);
        let sha256 = "${AgentSha256}";
        assert!(script.contains(&format!("AGENT_SHA256 = \"{sha256}\"\n")), "{}", environment.name);
        assert!(script.contains("AGENT_PATH = f\"/agent/{AGENT_SHA256}/baleen-agent\"\n"), "{}", environment.name);
        assert_eq!(stacks::fleet::agent_key("ab"), "agent/ab/baleen-agent");
    }
}

#[test]
fn the_script_that_prepares_an_instance_is_filled_in() {
    for environment in with_instances() {
        let script = user_data(&environment);
        assert!(script.starts_with("#!/usr/bin/env python3\n"), "{script}");
        let executor = match environment.jobs.executor {
            Executor::Agent => "agent",
            Executor::RunCommand => "run-command",
        };
        for line in [&format!("EXECUTOR = \"{executor}\""), "BALEEN_COLOUR=blue", "set -euo pipefail"] {
            assert!(script.lines().any(|written| written == line), "{line} is not in {script}");
        }
        let is_hole =
            |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        let holes: Vec<_> = script.split('@').skip(1).filter(|part| is_hole(part)).collect();
        assert_eq!(holes, Vec::<&str>::new());
    }
}

/// What is put into a Python script as text must not end that text.
#[test]
fn the_script_that_prepares_an_instance_is_python() {
    let mut python = Command::new("python3")
        .args(["-c", "import ast, sys; ast.parse(sys.stdin.read())"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), user_data(&environment("prod")).as_bytes()).unwrap();
    assert!(python.wait().unwrap().success());
}

#[test]
fn instances_measure_gpu_disk_and_memory_by_colour() {
    let script = user_data(&environment("prod"));
    let (_, rest) = script.split_once("MONITORING = r\"\"\"").unwrap();
    let (configuration, _) = rest.split_once("\"\"\"").unwrap();
    let configuration: Value = serde_json::from_str(configuration).unwrap();
    let metrics = &configuration["metrics"];
    assert_eq!(metrics["namespace"], job::metrics::NAMESPACE);
    assert_eq!(metrics["aggregation_dimensions"], json!([["App", "Environment", "Colour"]]));
    let collected = metrics["metrics_collected"].as_object().unwrap();
    assert_eq!(collected.keys().collect::<Vec<_>>(), ["nvidia_gpu", "cpu", "mem", "disk"]);
    for (name, plugin) in collected {
        let dimensions = json!({ "App": "baleen", "Environment": "prod", "Colour": "blue" });
        assert_eq!(plugin["append_dimensions"], dimensions, "{name}");
    }
}

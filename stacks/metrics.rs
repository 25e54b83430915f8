//! Names the metrics that the CloudWatch agent writes of instances, in the namespace and by the dimensions of
//! [`job::metrics`]: over all instances of a colour. `assets/cloudwatch_agent.json` has it write them.

use job::{Colour, metrics};

use crate::environment::Environment;

/// Returns the dimensions of a colour, by which every metric is written and read: their names and values.
pub fn dimensions(environment: &Environment, colour: Colour) -> [(&'static str, &str); 3] {
    [
        (metrics::APP, environment.app.as_str()),
        (metrics::ENVIRONMENT, environment.name.as_str()),
        (metrics::COLOUR, colour.as_str()),
    ]
}

/// How busy the processors are, in percent.
pub const CPU_USED_PERCENT: &str = "cpu_usage_active";

/// How full the disks are, in percent.
pub const DISK_USED_PERCENT: &str = "disk_used_percent";

/// How full the memory is, in percent.
pub const MEMORY_USED_PERCENT: &str = "mem_used_percent";

/// How much of the time GPUs work, in percent.
pub const GPU_USED_PERCENT: &str = "nvidia_smi_utilization_gpu";

/// How much of their memory GPUs use, in MiB.
pub const GPU_MEMORY_USED: &str = "nvidia_smi_memory_used";

/// How much memory GPUs have, in MiB.
pub const GPU_MEMORY_TOTAL: &str = "nvidia_smi_memory_total";

/// All of them.
pub const ALL: [&str; 6] =
    [CPU_USED_PERCENT, DISK_USED_PERCENT, MEMORY_USED_PERCENT, GPU_USED_PERCENT, GPU_MEMORY_USED, GPU_MEMORY_TOTAL];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::ALL;

    #[test]
    fn the_agent_writes_them() {
        let settings: Value = serde_json::from_str(include_str!("../assets/cloudwatch_agent.json")).unwrap();
        let mut written = Vec::new();
        for (plugin, section) in settings["metrics"]["metrics_collected"].as_object().unwrap() {
            let prefix = if plugin == "nvidia_gpu" { "nvidia_smi" } else { plugin };
            let measured = section["measurement"].as_array().unwrap().iter();
            written.extend(measured.map(|name| format!("{prefix}_{}", name.as_str().unwrap())));
        }
        for name in ALL {
            assert!(written.contains(&name.to_owned()), "{name} is not among {written:?}");
        }
    }
}

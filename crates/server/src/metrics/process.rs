//! What the system knows of this process, under the names that all exporters use. Read from `/proc`; elsewhere nothing.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// Ticks of a second in `/proc`: 100 on every Linux, whatever the kernel counts in.
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct ProcessMetrics {
    start_seconds: f64,
}

impl ProcessMetrics {
    pub(super) fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start_seconds: since.as_secs_f64() }
    }
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut put = |name, help, metric: &dyn EncodeDyn| metric.put(&mut encoder, name, help);
        let start = ConstGauge::new(self.start_seconds);
        put("process_start_time_seconds", "When the process started, as Unix time", &start)?;
        if let Some(seconds) = cpu_seconds() {
            let help = "Processor time of the process";
            put("process_cpu_seconds", help, &ConstCounter::new(seconds))?;
        }
        if let Some(bytes) = resident_bytes() {
            let help = "Memory of the process that is in use";
            put("process_resident_memory_bytes", help, &ConstGauge::new(bytes))?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            let open = i64::try_from(open.count()).unwrap_or(i64::MAX);
            put("process_open_fds", "Open files and sockets", &ConstGauge::new(open))?;
        }
        Ok(())
    }
}

/// A metric whatever its type.
trait EncodeDyn {
    fn put(&self, encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str)
    -> Result<(), std::fmt::Error>;
}

impl<M: EncodeMetric> EncodeDyn for M {
    fn put(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
    ) -> Result<(), std::fmt::Error> {
        self.encode(encoder.encode_descriptor(name, help, None, self.metric_type())?)
    }
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program stands in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<i64>().ok()? * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_time_and_memory() {
        assert!(cpu_seconds().is_some_and(|seconds| (0.0..3600.0).contains(&seconds)));
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}

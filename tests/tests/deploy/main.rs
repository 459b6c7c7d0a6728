//! The files of `deploy/` agree with each other and with the binaries: ports, names, variables, probes, volumes, users,
//! times. That they work is shown by `deploy/test/containers` and `deploy/test/manifests`.

#![expect(clippy::unwrap_used, reason = "this crate is for tests only: a panic is the report")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use dictum_proto::v1::{extraction_service_server, ingest_service_server, storage_service_server};
use dictum_server::parse_duration;
use dictum_tests::Process;
use yaml_rust2::{Yaml, YamlLoader};

/// What a service is called by gRPC, and where its binary listens by default.
const SERVICES: [(&str, &str, i64); 3] = [
    ("ingest", ingest_service_server::SERVICE_NAME, 50051),
    ("extraction", extraction_service_server::SERVICE_NAME, 50052),
    ("storage", storage_service_server::SERVICE_NAME, 50053),
];

/// Where all of them serve metrics.
const METRICS_PORT: i64 = 9464;

type Variables = BTreeMap<String, String>;

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(file: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Returns the value at a path of keys; `<<` stands in for a key that is absent, as YAML's merge does.
fn at<'y>(yaml: &'y Yaml, path: &str) -> &'y Yaml {
    path.split('.').filter(|key| !key.is_empty()).fold(yaml, |yaml, key| match key.parse::<usize>() {
        Ok(index) => &yaml[index],
        Err(_) if yaml[key].is_badvalue() => &yaml["<<"][key],
        Err(_) => &yaml[key],
    })
}

fn text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(truth) => truth.to_string(),
        other => panic!("no plain value: {other:?}"),
    }
}

fn list(yaml: &Yaml) -> Vec<String> {
    yaml.as_vec().unwrap().iter().map(text).collect()
}

fn pairs(yaml: &Yaml) -> Variables {
    let mut variables = Variables::new();
    for (key, value) in yaml.as_hash().into_iter().flatten() {
        match key.as_str().unwrap() {
            "<<" => variables.extend(pairs(value)),
            key => drop(variables.insert(key.to_owned(), text(value))),
        }
    }
    variables
}

/// One stage of the Dockerfile, its base's lines first.
fn stage(name: &str) -> String {
    let dockerfile = read("Dockerfile").replace("\\\n", " ");
    let lines_of = |name: &str| {
        let head = dockerfile
            .lines()
            .skip_while(|line| !(line.starts_with("FROM ") && line.ends_with(&format!(" AS {name}"))));
        let lines: Vec<&str> = head.skip(1).take_while(|line| !line.starts_with("FROM ")).collect();
        assert!(!lines.is_empty(), "the Dockerfile has no stage {name}");
        lines.join("\n")
    };
    format!("{}\n{}", lines_of("base"), lines_of(name))
}

/// Returns the only instruction of this kind, without its name.
fn instruction(stage: &str, name: &str) -> String {
    let found: Vec<&str> =
        stage.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0].to_owned()
}

fn image_variables(stage: &str) -> Variables {
    let env = stage.lines().filter_map(|line| line.strip_prefix("ENV "));
    let pairs = env.flat_map(str::split_whitespace).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Returns the user id of all images.
fn user() -> i64 {
    let user = instruction(&stage("storage"), "USER");
    let (user, group) = user.split_once(':').unwrap();
    assert_eq!(user, group);
    user.parse().unwrap()
}

/// Returns where the images keep their data: in a folder of the volume, since a restore cannot replace the volume.
fn volume() -> String {
    let stage = stage("storage");
    let volume = instruction(&stage, "VOLUME");
    assert_eq!(image_variables(&stage)["DICTUM_DATA"], format!("{volume}/store"));
    volume
}

fn compose(service: &str) -> Yaml {
    at(&yaml("compose.yaml")[0], "services")[service].clone()
}

/// The document of this kind and name in the base of the overlays.
fn object(file: &str, kind: &str, name: &str) -> Yaml {
    let is_it =
        |yaml: &Yaml| yaml["kind"].as_str() == Some(kind) && at(yaml, "metadata.name").as_str() == Some(name);
    yaml(&format!("kubernetes/base/{file}.yaml"))
        .into_iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn workload(service: &str) -> Yaml {
    object(service, if service == "storage" { "StatefulSet" } else { "Deployment" }, service)
}

/// Returns the variables that a pod of the base gets from its maps.
fn pod_variables(service: &str) -> Variables {
    let kustomization = &yaml("kubernetes/base/kustomization.yaml")[0];
    let container = at(&workload(service), "spec.template.spec.containers.0").clone();
    let mut variables = Variables::new();
    for source in container["envFrom"].as_vec().unwrap() {
        let name = at(source, "configMapRef.name");
        let maps = kustomization["configMapGenerator"].as_vec().unwrap();
        let map = maps.iter().find(|map| map["name"] == *name).unwrap_or_else(|| panic!("no map {name:?}"));
        let literals = list(&map["literals"]);
        variables.extend(literals.iter().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        }));
    }
    variables
}

/// Asks the service's own binary whether it knows all these variables and can read their values.
fn known(service: &str, variables: &Variables) {
    let flags: Vec<String> = variables
        .iter()
        .map(|(name, value)| {
            let flag = name.strip_prefix("DICTUM_").unwrap().to_lowercase().replace('_', "-");
            if value == "true" { format!("--{flag}") } else { format!("--{flag}={value}") }
        })
        .chain(["--print-config".to_owned()])
        .collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let output = Process::run(&format!("dictum-{service}"), &flags);
    assert!(output.status.success(), "{service}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A stopping server needs its drain delay, its stop deadline and a moment more, before it is killed.
fn stops_within(grace: Duration, variables: &Variables) {
    let time =
        |name: &str| variables.get(name).map_or(Duration::ZERO, |value| parse_duration(value).unwrap());
    assert!(variables.contains_key("DICTUM_STOP_DEADLINE"));
    let needed = time("DICTUM_DRAIN_DELAY") + time("DICTUM_STOP_DEADLINE") + Duration::from_secs(5);
    assert!(needed < grace, "{needed:?} of {grace:?}");
}

#[test]
fn images_listen_where_the_binaries_do_and_probe_what_they_serve() {
    for (service, name, port) in SERVICES {
        let stage = stage(service);
        let variables = image_variables(&stage);
        assert_eq!(variables["DICTUM_LISTEN"], format!("0.0.0.0:{port}"));
        assert_eq!(instruction(&stage, "EXPOSE"), format!("{port} {METRICS_PORT}"));
        assert_eq!(variables["DICTUM_METRICS_LISTEN"], format!("0.0.0.0:{METRICS_PORT}"));
        let binary = format!("/dictum-{service}");
        assert_eq!(instruction(&stage, "ENTRYPOINT"), format!("[\"{binary}\"]"));
        let health = instruction(&stage, "HEALTHCHECK");
        assert!(
            health.ends_with(&format!("CMD [\"{binary}\", \"probe\", \"--service\", \"{name}\"]")),
            "{health}"
        );
        known(service, &variables);

        let settings = Process::run(&format!("dictum-{service}"), &["--print-config"]);
        let settings = String::from_utf8(settings.stdout).unwrap();
        for (key, port) in [("listen", port), ("metrics_listen", METRICS_PORT)] {
            let line = format!("{key} = \"127.0.0.1:{port}\" # ");
            assert!(settings.lines().any(|known| known.starts_with(&line)), "{settings}");
        }
    }
    assert_ne!(user(), 0);
}

#[test]
fn compose_agrees_with_the_images() {
    let volume = volume();
    for (service, _, port) in SERVICES {
        let compose = compose(service);
        assert_eq!(text(at(&compose, "build.target")), service);
        assert_eq!(text(at(&compose, "build.dockerfile")), "deploy/Dockerfile");
        let published: Vec<String> =
            compose["ports"].as_vec().map_or(Vec::new(), |_| list(&compose["ports"]));
        let expected =
            if service == "extraction" { vec![] } else { vec![format!("127.0.0.1:{port}:{port}")] };
        assert_eq!(published, expected, "{service}");

        let variables = pairs(&compose["environment"]);
        known(service, &variables);
        let grace = text(at(&compose, "stop_grace_period"));
        stops_within(parse_duration(&grace).unwrap(), &variables);
        assert_eq!(at(&compose, "read_only"), &Yaml::Boolean(true));
        assert_eq!(list(at(&compose, "cap_drop")), ["ALL"]);
    }
    assert_eq!(list(&compose("storage")["volumes"]), [format!("data:{volume}")]);
    endpoints(&pairs(&compose("ingest")["environment"]));
}

/// Services are called by their names, at the ports where they listen.
fn endpoints(variables: &Variables) {
    for (service, _, port) in &SERVICES[1..] {
        let variable = format!("DICTUM_{}_ENDPOINT", service.to_uppercase());
        assert_eq!(variables[&variable], format!("http://{service}:{port}"));
    }
}

#[test]
fn manifests_agree_with_the_images() {
    let volume = volume();
    for (service, name, port) in SERVICES {
        let port = Yaml::Integer(port);
        let workload = workload(service);
        let pod = at(&workload, "spec.template.spec");
        let container = at(pod, "containers.0");
        assert_eq!(text(&container["image"]), format!("dictum-{service}"));
        assert_eq!(at(container, "ports.0.containerPort"), &port);
        assert_eq!(at(container, "readinessProbe.grpc.port"), &port);
        assert_eq!(text(at(container, "readinessProbe.grpc.service")), name);
        assert_eq!(at(container, "livenessProbe.grpc.port"), &port);
        assert_eq!(at(&object(service, "Service", service), "spec.ports.0.port"), &port);
        for id in ["runAsUser", "runAsGroup"] {
            assert_eq!(at(pod, "securityContext")[id].as_i64(), Some(user()), "{service}: {id}");
        }
        let label = at(&workload, "spec.template.metadata.labels");
        assert_eq!(at(&workload, "spec.selector.matchLabels"), label);
        assert_eq!(at(&object(service, "Service", service), "spec.selector"), label);
        let policy = object("network", "NetworkPolicy", service);
        assert_eq!(at(&policy, "spec.podSelector.matchLabels"), label);
        assert_eq!(at(&policy, "spec.ingress.0.ports.0.port"), &port);

        let variables = pod_variables(service);
        known(service, &variables);
        let grace = at(pod, "terminationGracePeriodSeconds").as_i64().unwrap();
        stops_within(Duration::from_secs(grace.try_into().unwrap()), &variables);
    }
    let storage = workload("storage");
    assert_eq!(at(&storage, "spec.replicas").as_i64(), Some(1), "one process has a data directory");
    let pod = at(&storage, "spec.template.spec");
    assert_eq!(text(at(pod, "containers.0.volumeMounts.0.mountPath")), volume);
    assert_eq!(at(pod, "securityContext.fsGroup").as_i64(), Some(user()));
    assert_eq!(
        at(pod, "containers.0.volumeMounts.0.name"),
        at(&storage, "spec.volumeClaimTemplates.0.metadata.name")
    );
    endpoints(&pod_variables("ingest"));
}

#[test]
fn prometheus_scrapes_where_metrics_are() {
    let scrape = &yaml("monitoring/prometheus.yaml")[0];
    let names = at(scrape, "scrape_configs.0.dns_sd_configs.0");
    assert_eq!(names["port"].as_i64(), Some(METRICS_PORT));
    let services: BTreeSet<String> = list(&names["names"]).into_iter().collect();
    assert_eq!(services, SERVICES.map(|(service, ..)| service.to_owned()).into());
    assert_eq!(text(at(scrape, "scrape_configs.0.job_name")), "dictum", "as the alerts have it");

    let compose = &yaml("monitoring/compose.yaml")[0];
    let prometheus = at(compose, "services.prometheus");
    for file in list(&prometheus["volumes"]).iter().filter_map(|volume| volume.strip_prefix("./")) {
        read(file.split(':').next().unwrap()); // it is there
    }

    let overlay = &yaml("kubernetes/monitoring/kustomization.yaml")[0];
    let patch = text(at(overlay, "patches.0.patch"));
    let patch = &YamlLoader::load_from_str(&patch).unwrap()[0];
    assert_eq!(text(&at(patch, "0.value")["prometheus.io/port"]), METRICS_PORT.to_string());
    assert_eq!(at(patch, "1.value.containerPort").as_i64(), Some(METRICS_PORT));
    let policy = &yaml("kubernetes/monitoring/network.yaml")[0];
    assert_eq!(at(policy, "spec.ingress.0.ports.0.port").as_i64(), Some(METRICS_PORT));
}

#[test]
fn every_alert_is_explained() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let docs = fs::read_to_string(docs).unwrap();
    let alerts = &yaml("monitoring/alerts.yaml")[0];
    let rules = at(alerts, "groups.0.rules").as_vec().unwrap();
    assert!(rules.len() > 10);
    for rule in rules {
        let alert = rule["alert"].as_str().unwrap();
        assert!(docs.contains(alert), "docs/operations.md does not explain {alert}");
    }
}

// Node pressure on a simulated machine: who is evicted when, in which words, and what the kernel does.
#include "tests/sim/world/lab.h"

using namespace wavetank;
using namespace wavetank::world;

namespace {

WorldParams busy(const std::vector<std::pair<std::string, std::string>>& sets) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"image.size", "0"}, {"image.pull_latency", "0s"}, {"kubelet.status_period", "0s"}};
  all.insert(all.end(), sets.begin(), sets.end());
  return exact(all);
}

event::NodeId small_node(Lab& lab) {
  lab.apply(
      "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {capacity: {cpu: '64', memory: 1000Mi, "
      "ephemeral-storage: 10000Mi, pods: '110'}}}");
  return event::NodeId(lab.state.nodes.size() - 1);
}

/// The API server makes it at its start.
void add_critical_class(Lab& lab) {
  lab.fact(event::ObjectCreated{
      model::Kind::PriorityClass,
      R"({"apiVersion":"scheduling.k8s.io/v1","kind":"PriorityClass","metadata":{"name":"system-cluster-critical"},"value":2000000000})"});
}

std::string asks(const char* name, const char* request, const char* key = "memory") {
  return fmt::format("{{name: {0}, image: '{0}:1', resources: {{requests: {{{2}: {1}}}}}}}", name, request, key);
}

std::string failed(const Lab& lab) {
  std::string out;
  for (const event::Event& e : lab.events)
    if (const auto* f = std::get_if<event::PodFailed>(&e.payload))
      out += fmt::format("{:g}s {} {}: {}\n", static_cast<double>(e.time.ns) / 1e9, lab.view().pod_name(f->pod),
                         f->reason, f->message);
  return out;
}

std::string recorded(const Lab& lab, std::string_view reason) {
  std::string out;
  for (const event::Event& e : lab.events)
    if (const auto* r = std::get_if<event::EventRecorded>(&e.payload); r != nullptr && r->reason == reason)
      out += fmt::format("{:g}s {}; ", static_cast<double>(e.time.ns) / 1e9, r->message);
  return out;
}

std::string conditions(const Lab& lab, event::NodeConditionType type) {
  std::string out;
  for (const event::Event& e : lab.events)
    if (const auto* c = std::get_if<event::NodeConditionChanged>(&e.payload); c != nullptr && c->type == type)
      out += fmt::format("{:g}s {}; ", static_cast<double>(e.time.ns) / 1e9, c->reason);
  return out;
}

}  // namespace

TEST_CASE("Memory: at the next look the pod above its request goes, with Kubernetes' message") {
  Lab lab(busy(
      {{"app.memory[keeps]", "300Mi"}, {"app.memory[grows]", "100Mi + age * 10Mi"}, {"app.memory[matters]", "400Mi"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  lab.pod("keeps", n1, asks("keeps", "400Mi"));
  const auto grows = lab.pod("grows", n1, asks("grows", "100Mi"));
  lab.apply("{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: matters}, value: 1000}");
  lab.pod("matters", n1, asks("matters", "100Mi"), ", priorityClassName: matters");
  lab.until(29.9);
  CHECK(failed(lab).empty());
  lab.until(400);
  // Started at 10.7 s; at 30 s it uses 293Mi: 7Mi are left.
  CHECK(failed(lab) ==
        "31s grows Evicted: The node was low on resource: memory. Threshold quantity: 100Mi, available: 7Mi. Container "
        "grows was using 293Mi, request is 100Mi, has larger consumption of memory. \n");
  CHECK(lab.view().pod_phase(grows) == event::Phase::Failed);
  CHECK_FALSE(lab.view().pod_ready(grows));
  CHECK(conditions(lab, event::NodeConditionType::MemoryPressure) ==
        "30s KubeletHasInsufficientMemory; 330s KubeletHasSufficientMemory; ");
  CHECK(recorded(lab, "EvictionThresholdMet") == "30s Attempting to reclaim memory; ");
}

TEST_CASE("A critical pod is never evicted by its node; with nobody else to go nobody goes") {
  Lab lab(busy({{"app.memory[grows]", "500Mi + age * 10Mi"}, {"memory.check_period", "1h"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  add_critical_class(lab);
  lab.pod("grows", n1, asks("grows", "100Mi"), ", priorityClassName: system-cluster-critical");
  lab.until(100);
  CHECK(failed(lab).empty());
  CHECK_FALSE(recorded(lab, "EvictionThresholdMet").empty());
}

TEST_CASE("Pods that come under memory pressure: best effort is rejected, others are taken") {
  Lab lab(busy({{"app.memory[big]", "950Mi"}, {"eviction.max_pod_grace_period", "0s"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  add_critical_class(lab);
  lab.pod("big", n1, asks("big", "1000Mi"), ", priorityClassName: system-cluster-critical");
  lab.until(25);
  CHECK(conditions(lab, event::NodeConditionType::MemoryPressure) == "20s KubeletHasInsufficientMemory; ");
  lab.pod("effort", n1, "{name: c, image: i}");
  const auto tolerant = lab.pod("tolerant", n1, "{name: c, image: i}",
                                ", tolerations: [{key: node.kubernetes.io/memory-pressure, operator: Exists}]");
  const auto burstable = lab.pod("burstable", n1, asks("burstable", "1Mi"));
  lab.until(26);
  CHECK(failed(lab) == "25s effort Evicted: Pod was rejected: The node had condition: [MemoryPressure]. \n");
  CHECK(lab.view().pod_ready(tolerant));
  lab.until(28);
  CHECK(lab.view().pod_ready(burstable));
}

TEST_CASE("Memory that runs out between two looks: the kernel kills by oom_score, best effort first") {
  Lab lab(busy({{"app.memory[keeps]", "300Mi"}, {"app.memory[rushes]", "100Mi + age * 300Mi"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  lab.pod("keeps", n1, asks("keeps", "300Mi"));
  lab.pod("rushes", n1, "{name: rushes, image: 'rushes:1'}");
  lab.until(14);
  // Started at 10.7 s: 700Mi more are used after 2 s; the check of 13.7 s finds it.
  CHECK(recorded(lab, "SystemOOM") == "13.7s System OOM encountered, victim process: rushes, pid: 1; ");
  std::string killed;
  for (const std::string& line : lab.lines())
    if (line.find("OOMKilled") != std::string::npos) killed += line;
  CHECK(killed == "13.7s exited rushes/rushes 137 OOMKilled");
}

TEST_CASE("Disk: unused images go first, then the pod that wrote most above its request") {
  Lab lab(busy(
      {{"app.disk[writes]", "1000Mi + age * 100Mi"}, {"app.disk[quiet]", "1000Mi"}, {"image.size[old]", "3000Mi"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  const auto old = lab.pod("old", n1, "{name: c, image: 'old:1'}");
  lab.until(90);
  lab.remove(old);
  lab.until(100);
  lab.pod("writes", n1, asks("writes", "1Gi", "ephemeral-storage"));
  lab.pod("quiet", n1, asks("quiet", "2Gi", "ephemeral-storage"));
  lab.until(400);
  // 3000 + 1000 + 1000 + 100/s beyond 8500Mi after 35 s: at 140 s the image goes, 30 s later the pod.
  CHECK(recorded(lab, "EvictionThresholdMet") ==
        "140s Attempting to reclaim ephemeral-storage; 170s Attempting to reclaim ephemeral-storage; ");
  CHECK(failed(lab).starts_with("171s writes Evicted: The node was low on resource: ephemeral-storage. "));
  CHECK(conditions(lab, event::NodeConditionType::DiskPressure).starts_with("140s KubeletHasDiskPressure; "));
  // The node's status no longer names the image that was removed.
  std::string images;
  for (const auto& [name, size] : lab.view().node(n1).images) images += std::string(lab.view().text(name)) + " ";
  CHECK(images == "writes:1 quiet:1 ");
}

TEST_CASE("Processes: a node that runs out of them evicts who has most") {
  Lab lab(busy({{"app.pids[many]", "700"},
                {"app.pids[few]", "250"},
                {"node.max_pids", "1000"},
                {"eviction.hard", "pid.available<10%"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  lab.pod("few", n1, asks("few", "1Mi"));
  lab.pod("many", n1, asks("many", "1Mi"));
  lab.until(60);
  CHECK(failed(lab).starts_with("21s many Evicted: The node was low on resource: pids. "));
  CHECK(conditions(lab, event::NodeConditionType::PIDPressure).starts_with("20s KubeletHasInsufficientPID; "));
}

TEST_CASE("Image collection: above 85 % the oldest unused images go, down to 80 %, and no more") {
  Lab lab(busy({{"app.disk[w]", "2400Mi + age * 1Mi"},
                {"image.size[old1]", "3000Mi"},
                {"image.size[old2]", "3000Mi"},
                {"image.gc_period", "1m"},
                {"eviction.hard", "none"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  const auto first = lab.pod("first", n1, "{name: c, image: 'old1:1'}");
  lab.until(20);
  const auto second = lab.pod("second", n1, "{name: c, image: 'old2:1'}");
  lab.pod("w", n1, "{name: c, image: 'w:1'}");
  lab.until(150);
  const auto images = [&] {
    std::string out;
    for (const auto& [name, size] : lab.view().node(n1).images) out += std::string(lab.view().text(name)) + " ";
    return out;
  };
  lab.remove(first);
  lab.remove(second);
  lab.until(160);
  CHECK(images() == "old1:1 old2:1 w:1 ");  // 8,540Mi of 10,000Mi are used
  lab.until(300);
  CHECK(images() == "old2:1 w:1 ");
}

TEST_CASE("A pod's own storage is held against its limits: emptyDirs, the pod, its containers") {
  struct Row {
    const char *what, *containers, *more, *failed;
  };
  const Row rows[] = {
      {"within its limits", "{name: c, image: 'w60:1', resources: {limits: {ephemeral-storage: 60Mi}}}", "", ""},
      {"the pod", "{name: c, image: 'w60:1', resources: {limits: {ephemeral-storage: 59Mi}}}", "",
       "Pod ephemeral local storage usage exceeds the total limit of containers 59Mi. "},
      {"one container of two",
       "{name: a, image: 'w60:1', resources: {limits: {ephemeral-storage: 50Mi}}}, {name: b, image: 'none:1', "
       "resources: "
       "{limits: {ephemeral-storage: 1Gi}}}",
       "", "Container a exceeded its local ephemeral storage limit \"50Mi\". "},
      {"no limits", "{name: c, image: 'w60:1'}", "", ""},
      {"an emptyDir", "{name: c, image: 'd60:1', volumeMounts: [{name: tmp, mountPath: /tmp}]}",
       ", volumes: [{name: tmp, emptyDir: {sizeLimit: 50Mi}}]",
       "Usage of EmptyDir volume \"tmp\" exceeds the limit \"50Mi\". "},
      {"an emptyDir that two share",
       "{name: a, image: 'd60:1', volumeMounts: [{name: tmp, mountPath: /tmp}]}, {name: b, image: 'd60:1', "
       "volumeMounts: "
       "[{name: tmp, mountPath: /tmp}]}",
       ", volumes: [{name: tmp, emptyDir: {sizeLimit: 100Mi}}]",
       "Usage of EmptyDir volume \"tmp\" exceeds the limit \"100Mi\". "},
      {"an emptyDir counts to the pod",
       "{name: c, image: 'd60:1', resources: {limits: {ephemeral-storage: 50Mi}}, volumeMounts: [{name: tmp, "
       "mountPath: "
       "/tmp}]}",
       ", volumes: [{name: tmp, emptyDir: {}}]",
       "Pod ephemeral local storage usage exceeds the total limit of containers 50Mi. "},
      {"an emptyDir in memory is no disk", "{name: c, image: 'd60:1', volumeMounts: [{name: tmp, mountPath: /tmp}]}",
       ", volumes: [{name: tmp, emptyDir: {medium: Memory, sizeLimit: 50Mi}}]", ""},
      {"a critical pod", "{name: c, image: 'w60:1', resources: {limits: {ephemeral-storage: 50Mi}}}",
       ", priorityClassName: system-cluster-critical", ""},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Lab lab(busy({{"app.disk[w60]", "60Mi"}, {"app.empty_dir[d60]", "60Mi"}}));
    const auto n1 = small_node(lab);
    lab.until(10);
    add_critical_class(lab);
    lab.pod("p", n1, row.containers, row.more);
    lab.until(60);
    CHECK(failed(lab) == (*row.failed == '\0' ? "" : std::string("21s p Evicted: ") + row.failed + "\n"));
    CHECK(recorded(lab, "EvictionThresholdMet").empty());
  }
}

TEST_CASE("A limit of storage that is reached later is seen at the next look; several pods may go at once") {
  Lab lab(busy({{"app.disk[grows]", "age * 1Mi"}, {"eviction.hard", "none"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  for (const char* name : {"p", "q"})
    lab.pod(name, n1, "{name: c, image: 'grows:1', resources: {limits: {ephemeral-storage: 30Mi}}}");
  lab.until(100);
  // Started at 10.7 s: above 30Mi from 40.7 s on.
  CHECK(failed(lab) ==
        "51s p Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. \n"
        "51s q Evicted: Pod ephemeral local storage usage exceeds the total limit of containers 30Mi. \n");
}

TEST_CASE("A disk that something else fills evicts too") {
  Lab lab(busy({}));
  const auto n1 = small_node(lab);
  lab.until(10);
  lab.pod("p", n1, "{name: c, image: i}");
  lab.until(20);
  lab.world.fill_disk(n1, 9900LL << 20, at_s(21));
  lab.until(40);
  CHECK(failed(lab).starts_with("31s p Evicted: The node was low on resource: ephemeral-storage. "));
}

TEST_CASE("What the eviction manager remembers survives a snapshot") {
  Lab lab(busy({{"app.memory[grows]", "100Mi + age * 45Mi"}}));
  const auto n1 = small_node(lab);
  lab.until(10);
  lab.pod("grows", n1, asks("grows", "100Mi"));
  lab.until(30.5);
  std::vector<std::uint8_t> saved;
  lab.world.save(saved);
  REQUIRE(lab.world.load(saved.data(), saved.size()));
  lab.until(100);
  CHECK(failed(lab).starts_with("31s grows Evicted"));
  CHECK(conditions(lab, event::NodeConditionType::MemoryPressure) == "30s KubeletHasInsufficientMemory; ");
}

#pragma once
// What the tests of this room share: scenarios as texts.

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.h"

namespace wavetank::scenario::test {

inline constexpr std::string_view kWeb = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: app, image: "example/web:1", resources: {requests: {cpu: 100m}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80}]
)";

/// The head of a scenario with three nodes in two zones and a Deployment and a Service "web": 9 lines.
inline constexpr std::string_view kHead = R"(apiVersion: wavetank/v1
kind: Scenario
metadata: {name: test}
cluster:
  nodes:
    - {name: "n{n}", count: 3, zones: [a, b]}
manifests:
  - web.yaml
until: 10m
)";

inline void add_files(MemoryFiles& files, std::string_view scenario) {
  files.put("dir/s.yaml", std::string(scenario));
  files.put("dir/web.yaml", std::string(kWeb));
}

/// Loads a scenario that begins with kHead.
inline base::Result<Scenario> load(std::string_view rest, const std::vector<std::string>& sets = {}) {
  MemoryFiles files;
  add_files(files, std::string(kHead) + std::string(rest));
  return load_scenario("dir/s.yaml", files, sets);
}

/// All errors, one a line, without the file's name; "" when there are none.
inline std::string errors_of(const base::Result<Scenario>& loaded) {
  if (loaded.has_value()) return "";
  std::string out;
  for (const base::Diagnostic& d : loaded.error()) {
    std::string line = d.text();
    if (line.starts_with("dir/s.yaml:")) line = line.substr(11);
    if (line.starts_with(" ")) line = line.substr(1);
    if (!out.empty()) out += "\n";
    out += line;
  }
  return out;
}
inline std::string errors(std::string_view rest, const std::vector<std::string>& sets = {}) {
  return errors_of(load(rest, sets));
}

}  // namespace wavetank::scenario::test

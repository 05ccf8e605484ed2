// What Kubernetes 1.34 says of a pod's spec, rule by rule: what of it is written, and the complaint. `pod` holds
// members of the spec beside its container, `container` members of the container beside name and image.
#include <catch2/catch.hpp>

#include "tests/engine/model/support.h"

using namespace wavetank::model;

namespace {

/// The messages, one a line, without their places.
std::string messages_of(const std::string& manifest) {
  const std::string text = errors_of(manifest);
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    out += (out.empty() ? "" : "\n") + std::string(line.substr(line.find(": ") + 2));
  }
  return out;
}

std::string pod(const std::string& spec, const std::string& container = "") {
  return "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {" + spec + (spec.empty() ? "" : ", ") +
         "containers: [{name: c, image: i" + (container.empty() ? "" : ", ") + container + "}]}}";
}

struct Row {
  std::string spec, container, errors;
};

/// Every message begins with `at`, which the rows leave out.
void check(const std::string& at, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const std::string text = pod(row.spec, row.container);
    INFO(text);
    CHECK(messages_of(text) == (row.errors.empty() ? "" : at + row.errors));
  }
}

constexpr const char* kC = "spec.containers[0].";

}  // namespace

TEST_CASE("hooks: a sleep ends within the grace period") {
  const std::string at = std::string(kC) + "lifecycle.preStop.sleep: Invalid value: ";
  const std::string why = ": must be non-negative and less than terminationGracePeriodSeconds (30)";
  check(at, {
                {"", "lifecycle: {preStop: {sleep: {seconds: 0}}}", ""},
                {"", "lifecycle: {preStop: {sleep: {seconds: 30}}}", ""},
                {"", "lifecycle: {preStop: {sleep: {seconds: 31}}}", "31" + why},
                {"", "lifecycle: {preStop: {sleep: {seconds: -1}}}", "-1" + why},
                {"terminationGracePeriodSeconds: 60", "lifecycle: {preStop: {sleep: {seconds: 31}}}", ""},
            });
}

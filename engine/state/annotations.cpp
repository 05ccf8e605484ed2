#include "engine/state/annotations.h"

#include <algorithm>
#include <iterator>

#include "engine/base/assert.h"

namespace wavetank::state {

using model::Doc;

model::Doc annotations_of(std::string_view canonical) {
  // Members are sorted, so that these are the first of the metadata.
  static constexpr std::string_view kMetadata = "\"metadata\":", kAnnotations = "{\"annotations\":";
  const std::size_t metadata = canonical.find(kMetadata);
  if (metadata == std::string_view::npos) return Doc::object();
  const std::size_t begin = metadata + kMetadata.size() + kAnnotations.size();
  if (canonical.substr(metadata + kMetadata.size(), kAnnotations.size()) != kAnnotations || canonical[begin] != '{')
    return Doc::object();
  std::size_t end = begin;
  for (bool in_string = false; end < canonical.size(); ++end) {
    const char c = canonical[end];
    if (in_string && c == '\\') {
      ++end;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && c == '}') {
      break;
    }
  }
  auto doc = model::parse_json(canonical.substr(begin, end + 1 - begin), "state");
  WT_ASSERT(doc.has_value(), "annotations are JSON");
  return std::move(*doc);
}

bool is_handed_on(std::string_view annotation) {
  static constexpr std::string_view kOwn[] = {
      "kubectl.kubernetes.io/last-applied-configuration",
      "deployment.kubernetes.io/revision",
      "deployment.kubernetes.io/revision-history",
      "deployment.kubernetes.io/desired-replicas",
      "deployment.kubernetes.io/max-replicas",
      "deprecated.deployment.rollback.to",
  };
  return std::find(std::begin(kOwn), std::end(kOwn), annotation) == std::end(kOwn);
}

model::Doc annotations_for_sets(std::string_view deployment) {
  Doc out = annotations_of(deployment);
  out.members.erase(
      std::remove_if(out.members.begin(), out.members.end(), [](const Doc::Member& m) { return !is_handed_on(m.key); }),
      out.members.end());
  return out;
}

}  // namespace wavetank::state

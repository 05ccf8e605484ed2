#include "runtime/cli/kinds.h"

#include <algorithm>

namespace wavetank::cli {
namespace {

using model::Kind;

/// Kinds of Kubernetes without behaviour here. Source: `kubectl api-resources` of 1.34.
struct Bystander {
  const char *name, *plural, *short_name;
};
constexpr Bystander kBystanders[] = {
    {"certificatesigningrequest", "certificatesigningrequests", "csr"},
    {"clusterrole", "clusterroles", ""},
    {"clusterrolebinding", "clusterrolebindings", ""},
    {"csidriver", "csidrivers", ""},
    {"customresourcedefinition", "customresourcedefinitions", "crd"},
    {"lease", "leases", ""},
    {"mutatingwebhookconfiguration", "mutatingwebhookconfigurations", ""},
    {"networkpolicy", "networkpolicies", "netpol"},
    {"replicationcontroller", "replicationcontrollers", "rc"},
    {"role", "roles", ""},
    {"rolebinding", "rolebindings", ""},
    {"validatingwebhookconfiguration", "validatingwebhookconfigurations", ""},
};

bool names(std::string_view word, std::string_view kind) {
  if (!word.starts_with(kind))
    return kind.ends_with("y") && word == std::string(kind.substr(0, kind.size() - 1)) + "ies";
  const std::string_view rest = word.substr(kind.size());
  return rest.empty() || rest == "s" || rest == "es";
}

const Bystander* bystander(std::string_view word) {
  for (const Bystander& b : kBystanders)
    if (word == b.name || word == b.plural || (*b.short_name != '\0' && word == b.short_name)) return &b;
  return word == "crds" ? bystander("crd") : nullptr;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::optional<project::KindQuery> find_kind(std::string_view text, const state::ClusterView& view) {
  if (const Kind kind = model::kind_from_word(text); kind != Kind::Other) return project::KindQuery{kind, {}};
  const std::string all = lower(text);
  const std::string word = all.substr(0, all.find('.'));  // "networkpolicies.networking.k8s.io"
  const Bystander* const known = bystander(word);
  for (const state::OtherRow& row : view->others) {
    if (row.kind != Kind::Other) continue;
    if (names(known != nullptr ? known->name : word, lower(view.text(row.kind_name))))
      return project::KindQuery{Kind::Other, row.kind_name};
  }
  if (known != nullptr) return project::KindQuery{};
  return std::nullopt;
}

std::vector<std::string> kind_words(const state::ClusterView& view) {
  std::vector<std::string> out;
  for (int k = 1; k < model::kKindCount; ++k) {
    const model::KindInfo& info = model::kind_info(static_cast<Kind>(k));
    out.push_back(lower(info.name));
    out.push_back(lower(info.plural));
    if (*info.short_name != '\0') out.emplace_back(info.short_name);
  }
  for (const Bystander& b : kBystanders) {
    out.emplace_back(b.name);
    out.emplace_back(b.plural);
    if (*b.short_name != '\0') out.emplace_back(b.short_name);
  }
  for (const state::OtherRow& row : view->others) {
    if (row.kind != Kind::Other) continue;
    const std::string word = lower(view.text(row.kind_name));
    if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
  }
  return out;
}

const std::vector<std::string>& kinds_of_all() {
  static const std::vector<std::string> kinds{
      "pods",     "services", "daemonsets", "deployments", "replicasets", "statefulsets", "horizontalpodautoscalers",
      "cronjobs", "jobs"};
  return kinds;
}

}  // namespace wavetank::cli

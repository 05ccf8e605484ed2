#include "engine/decide/decide.h"

#include <fmt/core.h>

#include "engine/decide/rules.h"

namespace wavetank::decide {

std::optional<command::Rejection> decide(const state::ClusterView& view, const command::Command& command,
                                         Facts& facts) {
  facts.clear();
  auto refusal = std::visit([&](const auto& c) { return detail::rule(view, c, facts); }, command.payload);
  if (refusal) facts.clear();
  return refusal;
}

namespace detail {

std::string resource_name(model::Kind kind) {
  const model::KindInfo& info = model::kind_info(kind);
  const std::string_view version = info.api_version;
  const std::size_t slash = version.find('/');
  std::string name = info.plural;
  if (slash != std::string_view::npos) (name += '.') += version.substr(0, slash);
  return name;
}

Refusal not_found(const ClusterView& view, Ref ref) {
  return Rejection{"NotFound", fmt::format("{} \"{}\" not found", resource_name(ref.kind), view.bare_name(ref))};
}

Refusal conflict(std::string message) { return Rejection{"Conflict", std::move(message)}; }

}  // namespace detail
}  // namespace wavetank::decide

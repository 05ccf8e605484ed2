#pragma once
// Kinds as people call them on a command line: names, plurals, short names; categories.

#include <optional>
#include <string>
#include <vector>

#include "engine/project/tables.h"

namespace wavetank::cli {

/// ASCII only: kinds and command words.
std::string lower(std::string_view text);

/// The kind a word names; kinds without behaviour by name, plural or kubectl's short name. Kubernetes' own kinds are
/// known also where no object of theirs is there; others only by their objects. Nothing: no such kind.
std::optional<project::KindQuery> find_kind(std::string_view word, const state::ClusterView& view);

/// The kinds a user may name, with plurals and short names.
std::vector<std::string> kind_words(const state::ClusterView& view);

/// What kubectl's category "all" stands for, in its order.
const std::vector<std::string>& kinds_of_all();

}  // namespace wavetank::cli

#pragma once
// Inside the room: how scalars are written in YAML and JSON, and the checks of raw text both readers share.

#include <optional>
#include <string>
#include <string_view>

#include "engine/model/doc.h"

namespace wavetank::model {

/// What a plain (unquoted) YAML scalar means, as sigs.k8s.io/yaml reads it: YAML 1.1 booleans (y, yes, on …), 0x/0o/0b
/// and leading-zero octal integers, underscores in numbers; dates stay strings. Infinities and NaN come out as Float
/// with the text ".inf", "-.inf",
/// ".nan": JSON has no such values, the reader refuses them.
Doc resolve_plain(std::string_view text);

/// A JSON number's token as Go's encoding/json gives it back ("1.0" → 1, "1e3" → 1000); nothing when it is not a
/// number.
std::optional<Doc> json_number(std::string_view token);

/// Line and column (in characters) of a byte offset. O(offset).
base::Position position_at(std::string_view text, std::size_t offset);

/// The first reason why `text` is not readable text at all: a control character, or bytes that are no UTF-8.
std::optional<base::Diagnostic> check_text(std::string_view text, std::string_view file);

/// "is larger than the limit of …", when it is.
std::optional<base::Diagnostic> check_size(std::string_view text, std::string_view file, const ReadLimits& limits);

/// Indices of members whose key appeared before, in order. O(n log n).
std::vector<std::pair<std::size_t, std::size_t>> repeated_keys(const std::vector<Doc::Member>& members);

}  // namespace wavetank::model

#pragma once
// For rooms that read configuration, and inside this one: which fields the typed kinds have and of which type they are.
// One table (schema.cpp) finds type errors and unknown fields, so that decoding need not.

#include <string>
#include <string_view>
#include <vector>

#include "engine/model/types.h"

namespace wavetank::model {

/// Checks a document of `kind` against the table: a wrong type is an error with its place (each of them); the paths of
/// fields the kind does not have go to `unknown` unless it is null. Kind::Other: only metadata is checked.
void check_fields(const Doc& doc, Kind kind, std::string_view file, base::Diagnostics& errors,
                  std::vector<std::string>* unknown);

/// Strict: checks a document against one structure of the table, by its name. `path` is where the document stands. A
/// field the structure does not have is an error as well, with the nearest of its fields. False: no such structure.
bool check_structure(const Doc& doc, std::string_view structure, std::string_view path, std::string_view file,
                     base::Diagnostics& errors);

}  // namespace wavetank::model

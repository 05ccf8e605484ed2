#pragma once

namespace wavetank::base {

/// The program's version, as in CHANGELOG.md.
inline constexpr const char* kVersion = "0.1.0";

/// Raised whenever the same input may give another journal than before (a rule, a default, a draw). Re-execution checks
/// it.
inline constexpr unsigned kRulesVersion = 1;

}  // namespace wavetank::base

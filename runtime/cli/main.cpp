#include <cstdio>
#include <exception>

#include "runtime/cli/cli.h"

int main(int argc, char** argv) {
  try {
    const int code = wavetank::cli::run_command_line(argc, argv);
    // What did not fit into the buffer failed earlier: only ferror() still knows.
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && code == wavetank::cli::kOk) {
      std::fputs("wavetank: standard output could not be written\n", stderr);
      return wavetank::cli::kBadInput;
    }
    return code;
  } catch (const std::bad_alloc&) {
    std::fputs("wavetank: not enough memory\n", stderr);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "wavetank: a bug of ours: %s\n", e.what());
  } catch (...) {
    std::fputs("wavetank: a bug of ours\n", stderr);
  }
  return wavetank::cli::kBug;
}

// The main() of every test program. Wide lines: our expectations are tables and paths, which must not be wrapped.
#define CATCH_CONFIG_MAIN
#define CATCH_CONFIG_CONSOLE_WIDTH 300
#include <catch2/catch.hpp>

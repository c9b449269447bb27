// cli/version.cc: `weft version`.

#include "cli/version.h"

#include "cli/commands.h"
#include "cli/terminal.h"
#include "object/object.h"

namespace weft::cli {

int run_version(Format format) {
    const Value value = Value::map_of(
        {{"weft", weft_version}, {"kubernetes", kubernetes_version}, {"kro", kro_version}});
    switch (format) {
        case Format::json:
            print(to_json(value, {.indent = 2}) + "\n");
            break;
        case Format::yaml:
            print(to_yaml(value));
            break;
        case Format::text:
            print(cat("weft ", weft_version, " (Kubernetes ", kubernetes_version, ", kro ",
                      kro_version, ")\n"));
            break;
    }
    return exit_ok;
}

}  // namespace weft::cli

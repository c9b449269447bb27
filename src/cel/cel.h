// cel/cel.h: the front door of cel: the Common Expression Language, parsed, checked, evaluated.
//
// Source of the behaviour: cel-spec, cel-go 0.31 and its error texts, Kubernetes 1.30 to 1.36.
//
//     const cel::Environment environment = cel::Environment::of(cel::Profile::kro())
//         .extend().object("web", schema, "__type_web").build();
//     const cel::Program program = TRY(environment.program(TRY(environment.compile(text))));
//     const Value result = TRY(program.evaluate_native(cel::Activation().bind("web", object)));

#pragma once

#include "cel/activation.h"   // IWYU pragma: export
#include "cel/arena.h"        // IWYU pragma: export
#include "cel/ast.h"          // IWYU pragma: export
#include "cel/cost.h"         // IWYU pragma: export
#include "cel/environment.h"  // IWYU pragma: export
#include "cel/library.h"      // IWYU pragma: export
#include "cel/program.h"      // IWYU pragma: export
#include "cel/reference.h"    // IWYU pragma: export
#include "cel/type.h"         // IWYU pragma: export
#include "cel/value.h"        // IWYU pragma: export

// crd/crd.h: the front door of crd: CustomResourceDefinitions, and what they make of their objects.
//
// Source of the behaviour and of the texts: Kubernetes 1.36, apiextensions-apiserver.
//
//     crd::apply_defaults(definition);                       // a CRD is decoded …
//     crd::prepare_create(definition);                       // … and on its way into the store
//     errors = crd::validate_create(definition);
//     crd::update_status(definition, others, now);           // what its controllers would write
//     kind = TRY(crd::Kind::make(definition, "v1"));          // a served version, ready for
//     objects kind->decode(object, &unknown); errors = kind->validate_create(object);

#pragma once

#include "crd/definition.h"  // IWYU pragma: export
#include "crd/kind.h"        // IWYU pragma: export
#include "crd/status.h"      // IWYU pragma: export

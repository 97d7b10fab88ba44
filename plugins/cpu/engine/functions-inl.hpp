// SPDX-License-Identifier: Apache-2.0
//
// All vector functions of F32.

#if defined(PLUGINS_CPU_ENGINE_FUNCTIONS_INL_HPP_) == defined(HWY_TARGET_TOGGLE)
#ifdef PLUGINS_CPU_ENGINE_FUNCTIONS_INL_HPP_
#undef PLUGINS_CPU_ENGINE_FUNCTIONS_INL_HPP_
#else
#define PLUGINS_CPU_ENGINE_FUNCTIONS_INL_HPP_
#endif

#include "plugins/cpu/engine/divide-inl.hpp"
#include "plugins/cpu/engine/gamma-inl.hpp"
#include "plugins/cpu/engine/hyperbolic-inl.hpp"
#include "plugins/cpu/engine/log-inl.hpp"
#include "plugins/cpu/engine/math-inl.hpp"
#include "plugins/cpu/engine/power-inl.hpp"
#include "plugins/cpu/engine/trig-inl.hpp"

#endif

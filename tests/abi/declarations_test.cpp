// SPDX-License-Identifier: Apache-2.0
//
// What abi.lock is made from: nothing in a header may escape it.

#include "tools/lint/abi_lock/declarations.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace fg::abi_lock {
namespace {

TEST(Declarations, EveryKindIsFound) {
  const Header h = parse_header("fg/abi/x.h", R"(// a comment with struct words { in it
#ifndef FG_X_H_
#define FG_X_H_
#define FG_LIMIT 0x10u  // bytes
#define FG_NAME "a // b"
#define FG_WORD noexcept
#define FG_LONG(a) \
  (a)
FG_EXTERN_C_BEGIN
enum { FG_A = 1, FG_B = -2 /* old */ };
typedef struct fg_s {
  fg_hdr hdr;
  const char *first;
  uint32_t a, b;
  uint8_t bytes[16], more[FG_LIMIT];
  union { double f; int64_t i; } v;
  fg_status(FG_CALL* call)(void* ctx, int32_t n) FG_NOEXCEPT;
} fg_s;
struct fg_t { uint64_t zero; };
typedef uint32_t fg_id;
FG_EXPORT fg_status fg_f(int a, struct fg_t* b);
static inline int fg_inline(void) { return 1; }
FG_STATIC_ASSERT(sizeof(fg_s) == 16, "frozen");
FG_EXTERN_C_END
#endif
)");
  ASSERT_EQ(h.structs.size(), 2u);
  EXPECT_TRUE(h.structs[0].grows);
  EXPECT_FALSE(h.structs[1].grows);
  std::string members;
  for (const Member& m : h.structs[0].members) members += m.name + "=" + m.type + ";";
  EXPECT_EQ(members,
            "hdr=fg_hdr;first=const char*;a=uint32_t;b=uint32_t;bytes=uint8_t[16];more=uint8_t[FG_LIMIT];"
            "v=union{double f;int64_t i;};call=fg_status(FG_CALL*)(void*ctx,int32_t n)FG_NOEXCEPT;");
  EXPECT_EQ(h.enumerators, (std::vector<std::string>{"FG_A", "FG_B"}));
  ASSERT_EQ(h.constants.size(), 2u);
  EXPECT_EQ(h.constants[0].name, "FG_LIMIT");
  EXPECT_TRUE(h.constants[1].text);
  EXPECT_EQ(h.declarations, (std::vector<std::string>{"#define FG_LONG(a)(a)", "typedef uint32_t fg_id",
                                                      "FG_EXPORT fg_status fg_f(int a,struct fg_t*b)"}));
}

TEST(Declarations, WhatIsNotUnderstoodIsAnError) {
  for (const char* text : {"typedef enum fg_e { FG_A } fg_e;", "union fg_u { int a; };",
                           "typedef struct { int a; } fg_s;", "struct fg_s { int : 3; };", "struct fg_s { int a; ",
                           "struct fg_s { int a; } g_variable;", "namespace fg { }", "int unfinished"}) {
    EXPECT_THROW(parse_header("fg/abi/x.h", text), std::runtime_error) << text;
  }
}

}  // namespace
}  // namespace fg::abi_lock

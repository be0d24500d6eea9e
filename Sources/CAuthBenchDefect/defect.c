#include "CAuthBenchDefect.h"

// A compilation condition of Swift has no value; a macro of C has.
#define QUOTED(text) #text
#define TEXT(macro) QUOTED(macro)

const char *authbench_defect(void) { return TEXT(AUTHBENCH_DEFECT); }

/// The defect that this program was built with, as AUTHBENCH_DEFECT said it.
const char *authbench_defect(void);

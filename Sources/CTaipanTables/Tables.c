#include "CTaipanTables.h"

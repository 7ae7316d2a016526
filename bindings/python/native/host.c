/*
 * host.c: the module taskstate._host: clocks, timers and threads that nothing in Python can put others in the place of.
 * Tests freeze Python's clocks; gevent and eventlet make greenlets of its threads, which stand still while the host
 * computes. It uses nothing of the library.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static PyObject *host_now(PyObject *self, PyObject *nothing) {
  (void)self;
  (void)nothing;
  return PyFloat_FromDouble(seconds_of(CLOCK_MONOTONIC));
}

static PyObject *host_wall_us(PyObject *self, PyObject *nothing) {
  (void)self;
  (void)nothing;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return PyLong_FromLongLong((long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

static PyObject *host_is_main(PyObject *self, PyObject *nothing) {
  (void)self;
  (void)nothing;
  return PyBool_FromLong(PyInterpreterState_Get() == PyInterpreterState_Main());
}

/* ---- Timers -------------------------------------------------------------------------------- */

static PyObject *host_timer(PyObject *self, PyObject *nothing) {
  (void)self;
  (void)nothing;
  int made = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (made < 0) return PyErr_SetFromErrno(PyExc_OSError);
  if (made < 3) { /* the host's own standard streams, if it closed them, must not become ours */
    const int higher = fcntl(made, F_DUPFD_CLOEXEC, 3);
    const int why = errno;
    close(made);
    made = higher;
    errno = why;
    if (made < 0) return PyErr_SetFromErrno(PyExc_OSError);
  }
  return PyLong_FromLong(made);
}

static PyObject *host_arm(PyObject *self, PyObject *arguments) {
  (void)self;
  int timer = -1;
  double at = 0;
  if (!PyArg_ParseTuple(arguments, "id", &timer, &at)) return NULL;
  const double latest = 1e9; /* years */
  if (!(at < seconds_of(CLOCK_MONOTONIC) + latest)) at = seconds_of(CLOCK_MONOTONIC) + latest;
  if (at < 0) at = 0;
  struct itimerspec when = {{0, 0}, {(time_t)at, (long)((at - (double)(time_t)at) * 1e9)}};
  if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1; /* 0 would disarm it */
  if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL)) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}

/* ---- Threads ------------------------------------------------------------------------------- */

/* Of the object and of the thread, whichever lasts longer. */
typedef struct {
  PyThread_type_lock running; /* held until the interpreter knows no more of the thread */
  int users;
} Run;

typedef struct {
  PyThreadState *state;
  PyObject *body;
  Run *run;
} Start;

typedef struct {
  PyObject_HEAD Run *run;
} Thread;

static void let_go(Run *run) {
  if (__atomic_sub_fetch(&run->users, 1, __ATOMIC_ACQ_REL)) return;
  PyThread_free_lock(run->running);
  PyMem_RawFree(run);
}

static void thread_main(void *given) {
  Start start = *(Start *)given;
  PyMem_RawFree(given);
  pthread_setname_np(pthread_self(), "taskstate-lease");
  PyEval_AcquireThread(start.state);
  PyObject *nothing = PyObject_CallObject(start.body, NULL);
  if (!nothing) PyErr_WriteUnraisable(start.body);
  Py_XDECREF(nothing);
  Py_DECREF(start.body);
  PyThreadState_Clear(start.state);
  PyThreadState_DeleteCurrent();
  PyThread_release_lock(start.run->running);
  let_go(start.run);
}

static PyObject *thread_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"body", NULL};
  PyObject *body = NULL;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O", names, &body)) return NULL;
  Thread *made = (Thread *)type->tp_alloc(type, 0);
  if (!made) return NULL;
  Run *run = PyMem_RawMalloc(sizeof *run);
  Start *start = PyMem_RawMalloc(sizeof *start);
  PyThread_type_lock lock = PyThread_allocate_lock();
  PyThreadState *state = run && start && lock ? PyThreadState_New(PyInterpreterState_Get()) : NULL;
  if (!state) {
    if (lock) PyThread_free_lock(lock);
    PyMem_RawFree(run);
    PyMem_RawFree(start);
    Py_DECREF(made);
    return PyErr_NoMemory();
  }
  PyThread_acquire_lock(lock, WAIT_LOCK);
  run->running = lock;
  run->users = 2;
  made->run = run;
  Py_INCREF(body);
  *start = (Start){state, body, run};
  if (PyThread_start_new_thread(thread_main, start) == PYTHREAD_INVALID_THREAD_ID) {
    PyThreadState_Clear(state);
    PyThreadState_Delete(state);
    Py_DECREF(body);
    PyMem_RawFree(start);
    PyThread_release_lock(lock);
    let_go(run);
    Py_DECREF(made);
    PyErr_SetString(PyExc_RuntimeError, "can't start new thread");
    return NULL;
  }
  return (PyObject *)made;
}

static void thread_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  if (((Thread *)self)->run) let_go(((Thread *)self)->run);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyObject *thread_join(PyObject *self, PyObject *timeout) {
  const double seconds = PyFloat_AsDouble(timeout);
  if (seconds == -1.0 && PyErr_Occurred()) return NULL;
  Run *run = ((Thread *)self)->run;
  PyLockStatus got;
  Py_BEGIN_ALLOW_THREADS got = PyThread_acquire_lock_timed(run->running, (PY_TIMEOUT_T)(seconds * 1e6), 0);
  if (got == PY_LOCK_ACQUIRED) PyThread_release_lock(run->running);
  Py_END_ALLOW_THREADS return PyBool_FromLong(got == PY_LOCK_ACQUIRED);
}

static PyMethodDef thread_methods[] = {
    {"join", thread_join, METH_O, "join(seconds): waits until it has ended; whether it has"}, {NULL, NULL, 0, NULL}};

static PyType_Slot thread_slots[] = {{Py_tp_new, (void *)thread_new},
                                     {Py_tp_dealloc, (void *)thread_dealloc},
                                     {Py_tp_methods, thread_methods},
                                     {Py_tp_doc, "Thread(body): a thread of the system's that calls body()"},
                                     {0, NULL}};

static PyType_Spec thread_spec = {"taskstate._host.Thread", sizeof(Thread), 0, Py_TPFLAGS_DEFAULT, thread_slots};

/* ---- The module ---------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"now", host_now, METH_NOARGS, "now(): seconds of a clock that is never set and never stands still"},
    {"wall_us", host_wall_us, METH_NOARGS, "wall_us(): the system's time, in microseconds since 1970"},
    {"is_main", host_is_main, METH_NOARGS, "is_main(): this is not a sub-interpreter"},
    {"timer", host_timer, METH_NOARGS, "timer(): a descriptor for arm(), the caller's to close"},
    {"arm", host_arm, METH_VARARGS, "arm(timer, at): the descriptor becomes readable when now() is that"},
    {NULL, NULL, 0, NULL}};

static int set_up(PyObject *module) {
  PyObject *type = PyType_FromSpec(&thread_spec);
  if (!type) return -1;
  if (PyModule_AddObject(module, "Thread", type)) {
    Py_DECREF(type);
    return -1;
  }
  return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)set_up}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "taskstate._host", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__host(void) { return PyModuleDef_Init(&definition); }

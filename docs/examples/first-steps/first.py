import taskstate

with taskstate.open("catalog.db") as tasks:
    task = tasks.create("z1", "create", package_id="pkg_1")
    print(tasks.accept(task).status)  # 202, Location of the status, the task
    tasks.start("z1", task.id)
    tasks.complete("z1", task.id, install_id="ins_1")
    answer = tasks.decide("z1", task.id)
    print(answer.status, dict(answer.headers)["Location"])  # 303 /zones/z1/installs/ins_1

"""Train a small network on handwritten digits with CodeCarbon running, and log the load of the processors beside it.

python -m venv .venv && .venv/bin/pip install codecarbon==3.3.2 scikit-learn==1.9.1
.venv/bin/python train.py

Writes emissions.csv, codecarbon.log and cpu-load.csv into the working folder; prints the accuracy.
"""

import csv
import logging
import os
import threading
import time

import numpy as np
import psutil
from codecarbon import OfflineEmissionsTracker
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

SEED = 20
EPOCHS = 80
# Columns that tell who ran it and where. They are left empty in emissions.csv.
BLANK = ("run_id", "experiment_id", "os", "longitude", "latitude")
HIDDEN_LINES = ("Platform system", "saved to file")


def digits():
    """Return the digits, the training part five times: as it is, and moved by one pixel in four directions."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=SEED, stratify=labels)
    images, test_images, labels, test_labels = parts
    squares = images.reshape(-1, 8, 8)
    moved = [squares, *(np.roll(squares, step, axis) for step in (-1, 1) for axis in (1, 2))]
    return np.concatenate(moved).reshape(-1, 64), np.tile(labels, 5), test_images, test_labels


def log_load(stop, seconds=5):
    """Write the load of the machine and of this process, as per cent of all processors, every few seconds."""
    process, began = psutil.Process(), time.monotonic()

    def read():
        machine, own = psutil.cpu_times(), process.cpu_times()
        busy = machine.user + machine.nice + machine.system + machine.irq + machine.softirq
        return time.monotonic(), busy, own.user + own.system

    with open("cpu-load.csv", "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["seconds", "interval_s", "machine_load_percent", "training_load_percent"])
        last, ended = read(), False
        while not ended:
            ended = stop.wait(seconds)
            now = read()
            interval = now[0] - last[0]
            share = 100 / interval / psutil.cpu_count()
            loads = [f"{(now[i] - last[i]) * share:.1f}" for i in (1, 2)]
            rows.writerow([f"{now[0] - began:.1f}", f"{interval:.2f}", *loads])
            file.flush()
            last = now


def blank(path):
    """Empty the columns that tell who ran it and where."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update({name: "" for name in BLANK})
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def keep_log(path):
    """Write CodeCarbon's own words to a file, without the lines that name the system or a folder."""
    handler = logging.FileHandler(path, "w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    handler.addFilter(lambda record: not any(words in record.getMessage() for words in HIDDEN_LINES))
    logging.getLogger("codecarbon").addHandler(handler)


def main():
    keep_log("codecarbon.log")
    if os.path.exists("emissions.csv"):
        os.remove("emissions.csv")  # CodeCarbon would add a row
    images, labels, test_images, test_labels = digits()
    network = MLPClassifier((2048, 2048), batch_size=256, learning_rate_init=3e-4, random_state=SEED)
    # No country is given: where this machine stands is not known.
    tracker = OfflineEmissionsTracker(measure_power_secs=15, allow_multiple_runs=True, log_level="info")
    stop = threading.Event()
    logger = threading.Thread(target=log_load, args=(stop,))
    tracker.start()
    logger.start()
    began = time.monotonic()
    for _ in range(EPOCHS):
        network.partial_fit(images, labels, classes=range(10))
    seconds = time.monotonic() - began
    stop.set()
    logger.join()
    tracker.stop()
    blank("emissions.csv")
    parameters = sum(weights.size for weights in (*network.coefs_, *network.intercepts_))
    right = network.predict(test_images) == test_labels
    print(f"{EPOCHS} epochs of {len(labels)} images, {parameters} parameters, {seconds:.0f} s")
    print(f"accuracy on {right.size} images that were not trained on: {right.mean():.4f}")


if __name__ == "__main__":
    main()

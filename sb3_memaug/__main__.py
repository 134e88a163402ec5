from sb3_memaug.cli import main

if __name__ == "__main__":
    main()
